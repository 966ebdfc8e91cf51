// The bus contract: every subject Dynats uses. Keys and values never appear in a subject.

/** Queue group that shares the coordinators' subjects. */
export const COORDINATORS = 'dynats';

export const ApiVerb = {
  Put: 'put',
  Get: 'get',
  Delete: 'delete',
  Batch: 'batch',
  Scan: 'scan',
  Touch: 'touch',
  Bucket: 'bucket',
} as const;
export type ApiVerb = (typeof ApiVerb)[keyof typeof ApiVerb];

/** What a single node answers about itself, beside coordinating. */
export const NodeVerb = {
  Status: 'status',
  Records: 'records',
  Cluster: 'cluster',
  Hints: 'hints',
  Order: 'order',
  Repair: 'repair',
  Outcome: 'outcome',
  Requests: 'requests',
} as const;
export type NodeVerb = (typeof NodeVerb)[keyof typeof NodeVerb];

export const subjects = {
  /** Coordinator API, any node. */
  api: (verb: ApiVerb | 'cluster') => `dynats.${verb}`,
  /** Coordinator API and inspection of one node. */
  node: (node: string, verb: ApiVerb | NodeVerb) => `dynats.node.${node}.${verb}`,
  /** Replica-internal: versions and records, batched. */
  read: (node: string) => `dynats.replica.${node}.read`,
  /** Replica-internal: what it holds of a range of keys, in pages. */
  scan: (node: string) => `dynats.replica.${node}.scan`,
  /** Replica-internal: what this replica remembers of another's log. */
  remembered: (node: string) => `dynats.replica.${node}.remembered`,
  /** Replica-internal, anti-entropy: compares trees; lists what is held in some leaves; gives records, serving or not. */
  tree: (node: string) => `dynats.replica.${node}.tree`,
  leaves: (node: string) => `dynats.replica.${node}.leaves`,
  held: (node: string) => `dynats.replica.${node}.held`,
  /** Listened to and never answered: a broker tells at once when nobody listens any more. */
  alive: (node: string) => `dynats.replica.${node}.alive`,
  /** Publishing here appends to the node's log. */
  log: (node: string) => `dynats.log.${node}`,
  /** What the log has stored, republished before the ack. */
  applied: (node: string) => `dynats.applied.${node}`,
  allApplied: 'dynats.applied.*',
  hints: (holder: string, target: string) => `dynats.hints.${holder}.${target}`,
  allHints: (holder: string) => `dynats.hints.${holder}.*`,
  presence: (node: string) => `dynats.presence.${node}`,
  allPresence: 'dynats.presence.*',
} as const;

/** Coordinator API through `node`, or through any when undefined. */
export function apiSubject(verb: ApiVerb | 'cluster', node: string | undefined): string {
  return node === undefined ? subjects.api(verb) : subjects.node(node, verb);
}

/** The node whose log stored what came on a subject of `applied`. */
export function nodeOfApplied(subject: string): string {
  return subject.slice(subjects.applied('').length);
}

/** The node whose heartbeat has this subject. */
export function nodeOfPresence(subject: string): string {
  return subject.slice(subjects.presence('').length);
}

export const streams = {
  log: (node: string) => `LOG_${node}`,
  hints: (node: string) => `HINTS_${node}`,
} as const;

/**
 * Whether a reply subject is an inbox, bare or as a gateway between clusters wraps it. A requester chooses where the
 * answer goes; answering to a log's or the JetStream API's subject would do an attacker's work with this node's rights.
 */
export function isInbox(reply: string): boolean {
  return /^(?:_GR_\.[^.]+\.[^.]+\.)?_INBOX[._]/.test(reply);
}

const NODE_INBOXES = '_INBOX_NODE';

/** Inbox prefix of a node: apart from those of users, so that no answer to a user can be taken for one to a node. */
export function nodeInboxPrefixOf(node: string): string {
  return `${NODE_INBOXES}.${node}`;
}

/** Whether a reply subject is an inbox of some other than a node. */
export function isUserInbox(reply: string): boolean {
  return isInbox(reply) && !/^(?:_GR_\.[^.]+\.[^.]+\.)?_INBOX_NODE\./.test(reply);
}
