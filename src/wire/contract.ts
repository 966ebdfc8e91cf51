// What is said on every subject: the table from which docs/asyncapi.json is made. Nothing runs by it.
import { ApiVerb, NodeVerb, subjects } from './subjects.js';

/** A schema by its file's name; `empty`: no bytes; `pub-ack`: JetStream's answer; `service`: NATS service discovery. */
export type MessageName = string;

export interface Exchange {
  /** Names it in the document. */
  readonly id: string;
  readonly address: string;
  readonly summary: string;
  /** What a node does there: `answers` requests, `tells` what nobody answers, `asks` what others answer, `hears` what others tell. */
  readonly does: readonly ('answers' | 'tells' | 'asks' | 'hears')[];
  readonly messages: readonly MessageName[];
  /** Without it there is no answer. Any answer but a stream's may be an error-reply instead. */
  readonly reply?: MessageName;
  /** Queue group that shares the subject. */
  readonly queue?: string;
  readonly audience: 'clients' | 'nodes' | 'everybody';
}

interface Asked {
  readonly summary: string;
  readonly messages: readonly MessageName[];
  readonly reply: MessageName;
}

const api: Readonly<Record<ApiVerb | 'cluster', Asked>> = {
  put: { summary: 'Stores a value.', messages: ['put-request'], reply: 'put-reply' },
  get: { summary: 'Reads a key.', messages: ['get-request'], reply: 'get-reply' },
  delete: {
    summary: 'Deletes a key by writing a tombstone.',
    messages: ['delete-request'],
    reply: 'put-reply',
  },
  batch: {
    summary: 'Up to 1024 operations, each with an outcome of its own; no order and no atomicity among them.',
    messages: ['batch-request'],
    reply: 'batch-reply',
  },
  scan: {
    summary: "A page of a bucket's keys in order, with values.",
    messages: ['scan-request', 'empty'],
    reply: 'scan-reply',
  },
  touch: {
    summary: 'Lets a record that expires live on.',
    messages: ['touch-request'],
    reply: 'touch-reply',
  },
  bucket: {
    summary: 'Lists, makes, changes and drops buckets.',
    messages: ['bucket-request'],
    reply: 'bucket-reply',
  },
  cluster: {
    summary:
      "The cluster's definition, and the newest heartbeat of each node alive. The request is not read.",
    messages: ['empty'],
    reply: 'cluster-reply',
  },
};

/** What is asked of one node about itself. */
const ofNode: Readonly<Record<Exclude<NodeVerb, 'cluster'>, Asked>> = {
  status: {
    summary: 'What the node says of itself. The request is not read.',
    messages: ['empty'],
    reply: 'status-reply',
  },
  records: {
    summary: 'What the replica holds in memory, by pages or by keys, whatever its state.',
    messages: ['records-request', 'empty'],
    reply: 'records-reply',
  },
  hints: {
    summary: 'The hints that the node holds; looks only.',
    messages: ['hints-request', 'empty'],
    reply: 'hints-reply',
  },
  order: {
    summary: 'Pauses, resumes or drops the hints that the node holds, and sets their limits.',
    messages: ['hints-request', 'empty'],
    reply: 'hints-reply',
  },
  repair: {
    summary: 'Has the node compare all it owns with the other owners now; answered when that is done.',
    messages: ['repair-request', 'empty'],
    reply: 'repair-reply',
  },
  outcome: {
    summary: 'What the node knows of one version of a key.',
    messages: ['outcome-request'],
    reply: 'outcome-reply',
  },
  requests: {
    summary: 'What the node has coordinated: counts, latencies and samples.',
    messages: ['requests-request', 'empty'],
    reply: 'requests-reply',
  },
};

/** A node's name in an address. */
const node = '{node}';
const answers = ['answers'] as const;
const both = ['answers', 'asks'] as const;

const ofReplica: readonly Exchange[] = [
  {
    id: 'replicaRead',
    address: subjects.read(node),
    summary: 'Records or versions of several keys.',
    does: both,
    messages: ['read-request'],
    reply: 'read-reply',
    audience: 'nodes',
  },
  {
    id: 'replicaScan',
    address: subjects.scan(node),
    summary: 'What the replica holds of a range of keys, a page at a time.',
    does: both,
    messages: ['replica-scan-request'],
    reply: 'replica-scan-reply',
    audience: 'nodes',
  },
  {
    id: 'replicaRemembered',
    address: subjects.remembered(node),
    summary: 'A replica that starts asks what its peers remember of its log.',
    does: both,
    messages: ['remembered-request'],
    reply: 'remembered-reply',
    audience: 'nodes',
  },
  {
    id: 'replicaTree',
    address: subjects.tree(node),
    summary: 'Anti-entropy: compares Merkle trees.',
    does: both,
    messages: ['tree-request'],
    reply: 'tree-reply',
    audience: 'nodes',
  },
  {
    id: 'replicaLeaves',
    address: subjects.leaves(node),
    summary: 'Anti-entropy: what is held in leaves that differ.',
    does: both,
    messages: ['leaf-request'],
    reply: 'leaf-reply',
    audience: 'nodes',
  },
  {
    id: 'replicaHeld',
    address: subjects.held(node),
    summary: 'Anti-entropy: records by their keys, in any state of the replica.',
    does: both,
    messages: ['records-request'],
    reply: 'records-reply',
    audience: 'nodes',
  },
  {
    id: 'replicaAlive',
    address: subjects.alive(node),
    summary: 'Never answered: only that the server knows of no responders means something.',
    does: ['hears', 'tells'],
    messages: ['empty'],
    audience: 'nodes',
  },
];

const streamed: readonly Exchange[] = [
  {
    id: 'log',
    address: subjects.log(node),
    summary: "Appends to the node's log, the stream `LOG_{node}`; its acknowledgement is the durable one.",
    does: ['asks'],
    messages: ['log-entry'],
    reply: 'pub-ack',
    audience: 'nodes',
  },
  {
    id: 'applied',
    address: subjects.applied(node),
    summary:
      'What the log has stored, republished by its server before the acknowledgement, with the header `Nats-Sequence`.',
    does: ['hears'],
    messages: ['log-entry'],
    audience: 'everybody',
  },
  {
    id: 'hints',
    address: subjects.hints('{holder}', '{target}'),
    summary: 'Keeps a hint for the target, in the stream `HINTS_{holder}`.',
    does: ['asks'],
    messages: ['log-entry'],
    reply: 'pub-ack',
    audience: 'nodes',
  },
  {
    id: 'presence',
    address: subjects.presence(node),
    summary: 'Heartbeats.',
    does: ['tells', 'hears'],
    messages: ['presence'],
    audience: 'everybody',
  },
];

const discovery: readonly Exchange[] = ['', '.{service}', '.{service}.{instance}'].map((suffix, i) => ({
  id: ['services', 'service', 'serviceInstance'][i] ?? '',
  address: `$SRV.{discovery}${suffix}`,
  summary: 'NATS service discovery (ADR-32): the services `dynats` and `dynats-{node}`.',
  does: answers,
  messages: ['empty'],
  reply: 'service',
  audience: 'everybody',
}));

/** `node`, `put` -> `nodePut`. */
const idOf = (first: string, verb: string) => `${first}${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;

/** Every subject that a node listens to or publishes on, but replies and JetStream's own API. @param queue the coordinators' group. */
export function exchanges(queue: string): Exchange[] {
  const verbs = [...Object.values(ApiVerb), 'cluster'] as const;
  const shared = verbs.map(
    (verb): Exchange => ({
      id: idOf('any', verb),
      address: subjects.api(verb),
      does: answers,
      queue,
      audience: 'clients',
      ...api[verb],
    }),
  );
  const own = [...verbs, ...Object.values(NodeVerb).filter(verb => verb !== 'cluster')].map(
    (verb): Exchange => ({
      id: idOf('node', verb),
      address: subjects.node(node, verb),
      // Nodes ask each other for these two.
      does: verb === NodeVerb.Status || verb === NodeVerb.Records ? both : answers,
      audience: 'clients',
      ...{ ...api, ...ofNode }[verb],
    }),
  );
  return [...shared, ...own, ...ofReplica, ...streamed, ...discovery];
}
