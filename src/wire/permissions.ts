// Who may publish and subscribe what: the least with which each role can do its work. Checked on real brokers.
import { type ApiVerb, type NodeVerb, nodeInboxPrefixOf, streams, subjects } from './subjects.js';

/** What a NATS user may do. Lists of what is allowed; all else is refused. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * `client` reads and writes. `direct` coordinates for itself besides, so it writes to logs as a node does. `inspector`
 * looks at everything and changes nothing. `operator` may do all of this, steer nodes and manage streams.
 */
export const Role = {
  Client: 'client',
  Direct: 'direct',
  Inspector: 'inspector',
  Operator: 'operator',
} as const;
export type Role = (typeof Role)[keyof typeof Role];
export const roles: readonly Role[] = Object.values(Role);

/** Inbox prefix of a user: nobody else may subscribe below it, so nobody else reads his replies. */
export function inboxPrefixOf(user: string): string {
  return `_INBOX.${user}`;
}

const api = ['put', 'get', 'delete', 'batch', 'scan', 'touch', 'bucket'] as const satisfies ApiVerb[];
const everyNode = (...verbs: readonly (ApiVerb | NodeVerb)[]) => verbs.map(verb => subjects.node('*', verb));

/** To find the services, and to ask them for what they are and do. */
const discovery = ['PING', 'INFO', 'STATS'].flatMap(verb => [`$SRV.${verb}`, `$SRV.${verb}.>`]);
/** What watches and liveness listen to. */
const news = [subjects.allApplied, subjects.allPresence];

/** What changes nothing. Not the streams: a stream's server answers to whatever subject the asker names. */
const looking = [
  subjects.api('cluster'),
  ...everyNode('cluster', 'status', 'outcome', 'records', 'hints', 'requests'),
  subjects.api('get'),
  subjects.api('scan'),
  ...everyNode('get', 'scan'),
  ...discovery,
];
const using = [
  ...(['cluster', ...api] as const).map(verb => subjects.api(verb)),
  ...everyNode('cluster', 'status', 'outcome', ...api),
  ...discovery,
];
/** What a coordinator asks of logs, hints and replicas, over the bus or a shortcut. */
const coordinating = [
  subjects.log('*'),
  subjects.hints('*', '*'),
  subjects.read('*'),
  subjects.scan('*'),
  subjects.alive('*'),
];
/** Of JetStream, in the nodes' domains or, where `domains` is false, on the server itself: what the nats CLI uses. */
const streamManagement = (prefix: string) => [
  `${prefix}.INFO`,
  `${prefix}.STREAM.>`,
  `${prefix}.DIRECT.GET.>`,
  `${prefix}.CONSUMER.>`,
];

/** Of a user of `role` on the bus. */
export function permissionsOf(role: Role, user: string): Permissions {
  const subscribe = [`${inboxPrefixOf(user)}.>`, ...news];
  switch (role) {
    case Role.Client:
      return { publish: using, subscribe };
    case Role.Direct:
      return { publish: [...using, ...everyNode('records'), ...coordinating], subscribe };
    case Role.Inspector:
      return { publish: looking, subscribe };
    case Role.Operator:
      return {
        publish: [
          ...new Set([
            ...using,
            ...looking,
            ...everyNode('order', 'repair'),
            ...coordinating,
            ...streamManagement('$JS.*.API'),
            ...streamManagement('$JS.API'),
          ]),
        ],
        subscribe,
      };
  }
}

/** What one node asks of the bus, whatever is on the other side of its log broker. */
function askedBy(node: string, nodes: readonly string[], domain: (of: string) => string): string[] {
  return [
    subjects.log('*'),
    subjects.hints('*', '*'),
    'dynats.replica.*.*',
    // Nobody but the node says that it is there.
    subjects.presence(node),
    // Whether another process has its name; and what its peers hold of the buckets' definitions.
    subjects.node(node, 'status'),
    ...everyNode('records'),
    // Answers.
    '_INBOX.>',
    nodeInboxPrefixOf('>'),
    // A dead holder's neighbour delivers its hints.
    ...nodes
      .filter(other => other !== node)
      .flatMap(other => [
        `${domain(other)}.STREAM.INFO.${streams.hints(other)}`,
        `${domain(other)}.STREAM.PURGE.${streams.hints(other)}`,
        `${domain(other)}.DIRECT.GET.${streams.hints(other)}`,
      ]),
  ];
}

/** What a node listens to. */
function heardBy(node: string): string[] {
  return [
    ...(['cluster', ...api] as const).map(verb => subjects.api(verb)),
    `dynats.node.${node}.*`,
    `dynats.replica.${node}.*`,
    subjects.allPresence,
    ...['PING', 'INFO', 'STATS'].flatMap(verb => [
      `$SRV.${verb}`,
      ...['dynats', `dynats-${node}`].flatMap(name => [`$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.*`]),
    ]),
    `${nodeInboxPrefixOf(node)}.>`,
  ];
}

const inDomain = (node: string) => `$JS.${node}.API`;

/** Of a node's log broker on the bus: what may come from there, and what may go there. */
export function leafPermissions(node: string, nodes: readonly string[]): Permissions {
  return {
    publish: [...askedBy(node, nodes, inDomain), subjects.applied(node)],
    subscribe: [
      ...heardBy(node),
      subjects.log(node),
      subjects.allHints(node),
      ...streamManagement(inDomain(node)),
    ],
  };
}

/** Of a node's replica process on its own log broker. @param isSingle whether that is the bus too, without domains. */
export function nodePermissions(node: string, nodes: readonly string[], isSingle = false): Permissions {
  const here = '$JS.API';
  const domain = isSingle ? () => here : inDomain;
  // The server turns what comes for its own domain into this before it looks at permissions.
  const own = [streams.log(node), streams.hints(node)].flatMap(stream => [
    ...['CREATE', 'INFO', 'UPDATE', 'PURGE'].map(verb => `${here}.STREAM.${verb}.${stream}`),
    `${here}.DIRECT.GET.${stream}`,
  ]);
  return {
    publish: [...askedBy(node, nodes, domain), ...own],
    subscribe: [...heardBy(node), subjects.applied(node)],
  };
}

/** Of another coordinator on a node's log broker: appends, hints and reads of that node. @param inbox its prefix. */
export function shortcutPermissions(node: string, inbox: string): Permissions {
  return {
    publish: [subjects.log(node), subjects.hints(node, '*'), subjects.read(node), subjects.scan(node)],
    subscribe: [`${inbox}.>`],
  };
}
