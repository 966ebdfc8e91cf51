// The users of the brokers, in the syntax of their configuration files. Keys and passwords come as variables, so that the
// part with the permissions holds no secret.
import { readFileSync } from 'node:fs';
import {
  inboxPrefixOf,
  leafPermissions,
  nodePermissions,
  type Permissions,
  permissionsOf,
  Role,
  roles,
  shortcutPermissions,
} from '../../wire/permissions.js';
import { nodeInboxPrefixOf } from '../../wire/subjects.js';
import type { Holder, Secrets } from './secrets.js';

/** The variable in which a log broker finds the seed of its node. */
export const leafSeed = '$leaf_seed';

const LINE_CHARS_MAX = 110;

/** Users by name, with what they may do. */
export type UserRoles = Readonly<Record<string, Role>>;

/** One user for each role, named after it. */
export const userOfEachRole: UserRoles = Object.fromEntries(roles.map(role => [role, role]));

/** The bus's account: users connect as clients, the nodes' log brokers as leaf nodes. Over a websocket only inspectors do. */
export function busAccounts(
  nodes: readonly string[],
  users: UserRoles,
  { hasWebsocket = false }: { hasWebsocket?: boolean } = {},
): string[] {
  return [
    ...Object.entries(users).flatMap(([name, role]) => whatMay(name, permissionsOf(role, name))),
    ...nodes.flatMap(node => whatMay(node, leafPermissions(node, nodes))),
    'accounts {',
    '  DYNATS {',
    '    users: [',
    ...Object.entries(users).flatMap(([name, role]) =>
      userEntries(name, hasWebsocket && role === Role.Inspector),
    ),
    ...nodes.map(node => keyEntry(node, 'LEAFNODE')),
    '    ]',
    '  }',
    '}',
  ];
}

/** Who may connect to a node's log broker: its replica process, and those who take the shortcut there. */
export function logBrokerUsers(node: string, nodes: readonly string[], users: UserRoles): string[] {
  const may = (other: string) =>
    other === node ? nodePermissions(node, nodes) : shortcutPermissions(node, nodeInboxPrefixOf(other));
  const coordinating = coordinatingUsers(users);
  return [
    ...nodes.flatMap(each => whatMay(each, may(each))),
    ...coordinating.flatMap(([name, role]) => whatMay(name, logBrokerPermissions(node, name, role))),
    ...authorization(
      nodes,
      coordinating.map(([name]) => name),
    ),
  ];
}

/** Of the one server of `--broker single`. */
export function singleBrokerUsers(nodes: readonly string[], users: UserRoles): string[] {
  return [
    ...nodes.flatMap(node => whatMay(node, nodePermissions(node, nodes, true))),
    ...Object.entries(users).flatMap(([name, role]) => whatMay(name, permissionsOf(role, name))),
    ...authorization(nodes, Object.keys(users)),
  ];
}

/** The variables for `busAccounts` and `singleBrokerUsers`. */
export function busKeys({ nodes, users }: Secrets): string[] {
  return [...nodes, ...users].flatMap(keyLines);
}

/** The variables for `logBrokerUsers`, and the seed with which the log broker joins the bus. */
export function logBrokerKeys(node: string, { nodes, users }: Secrets): string[] {
  const own = nodes.find(({ name }) => name === node);
  return [
    ...nodes.flatMap(keyLines),
    ...users.filter(({ role }) => coordinates(role)).flatMap(keyLines),
    ...(own === undefined
      ? []
      : [`${leafSeed.slice(1)}: ${JSON.stringify(readFileSync(own.seedFile, 'utf8').trim())}`]),
  ];
}

/** The variables of one node or user. */
export function keyLines({ name, publicKey, password }: Holder & { password?: string }): string[] {
  return [
    `${name}_nkey: ${JSON.stringify(publicKey)}`,
    ...(password === undefined ? [] : [`${name}_password: ${JSON.stringify(password)}`]),
  ];
}

function coordinatingUsers(users: UserRoles): [string, Role][] {
  return Object.entries(users).filter(([, role]) => coordinates(role));
}

function coordinates(role: Role): boolean {
  return role === Role.Direct || role === Role.Operator;
}

function logBrokerPermissions(node: string, name: string, role: Role): Permissions {
  return role === Role.Operator ? permissionsOf(role, name) : shortcutPermissions(node, inboxPrefixOf(name));
}

function authorization(nodes: readonly string[], users: readonly string[]): string[] {
  return [
    'authorization {',
    '  users: [',
    ...nodes.map(node => keyEntry(node, 'STANDARD').slice(2)),
    ...users.flatMap(name => userEntries(name).map(line => line.slice(2))),
    '  ]',
    '}',
  ];
}

/** With a key, or with a password. */
function userEntries(name: string, hasWebsocket = false): string[] {
  const identity = `user: ${JSON.stringify(name)}, password: $${name}_password`;
  return [
    keyEntry(name, 'STANDARD'),
    hasWebsocket ? entry(identity, name, 'STANDARD', 'WEBSOCKET') : entry(identity, name, 'STANDARD'),
  ];
}

function keyEntry(name: string, connection: string): string {
  return entry(`nkey: $${name}_nkey`, name, connection);
}

function entry(identity: string, name: string, ...connections: readonly string[]): string {
  const types = connections.map(each => JSON.stringify(each)).join(', ');
  return `      { ${identity}, permissions: $${name}_may, allowed_connection_types: [${types}] }`;
}

/** The variable that an entry's `permissions` names. */
export function whatMay(name: string, { publish, subscribe }: Permissions): string[] {
  return [`${name}_may: {`, ...list('publish', publish), ...list('subscribe', subscribe), '}'];
}

/** As many to a line as fit. */
function list(field: string, items: readonly string[]): string[] {
  const lines: string[] = [];
  for (const item of items.map(each => JSON.stringify(each))) {
    const last = lines.at(-1);
    if (last === undefined || last.length + item.length > LINE_CHARS_MAX) lines.push(`    ${item}`);
    else lines[lines.length - 1] = `${last}, ${item}`;
  }
  return [`  ${field}: [`, ...lines.map(line => `${line},`), '  ]'];
}
