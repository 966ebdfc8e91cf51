// How a page in a browser of this machine reaches the bus: a websocket port beside each bus server, on the loopback only, for
// pages of known origins, as a user who can look and change nothing.
import { randomBytes } from 'node:crypto';
import { inboxPrefixOf, permissionsOf, Role } from '../wire/permissions.js';
import { messageOf } from './emulator-error.js';
import { BrokerMode, type EmulatorOptions } from './options.js';
import { type Plan, portsOf } from './plan.js';
import { checkPortsFree } from './ports.js';
import type { Secrets } from './secrets/secrets.js';
import { whatMay } from './secrets/users-config.js';

/** What a page connects with. The password is the inspector's, and never another's. */
export interface PageAccess {
  /** URLs of the websockets, in node order. */
  readonly servers: readonly string[];
  readonly user: string;
  readonly password: string;
  readonly inboxPrefix: string;
}

export interface Websockets {
  readonly access: PageAccess;
  /** Origins of the pages that may connect. */
  readonly origins: readonly string[];
}

const PASSWORD_BYTES = 24;
const user = Role.Inspector;

/** Undefined when there are to be none, or their ports are not free: a dashboard does without. */
export async function makeWebsockets(
  plan: Plan,
  secrets: Secrets | undefined,
  { websockets: asked, onProgress }: Pick<EmulatorOptions, 'websockets' | 'onProgress'>,
): Promise<Websockets | undefined> {
  if (asked === undefined || plan.broker === BrokerMode.Single) return undefined;
  const ports = plan.cluster.nodes.map(node => ({
    port: portsOf(plan, node).websocket,
    use: `the websocket of ${node}'s bus server`,
  }));
  try {
    await checkPortsFree(ports);
  } catch (error) {
    onProgress?.(`No websockets, so the dashboard is relayed: ${messageOf(error)}`);
    return undefined;
  }
  const scheme = secrets === undefined ? 'ws' : 'wss';
  return {
    access: {
      servers: ports.map(({ port }) => `${scheme}://127.0.0.1:${port}`),
      user,
      // A secured emulator knows the inspector by a password that it keeps; elsewhere one is made for each start.
      password: secrets?.users.find(each => each.name === user)?.password ?? newPassword(),
      inboxPrefix: inboxPrefixOf(user),
    },
    origins: asked.pagePorts.flatMap(port => [`http://127.0.0.1:${port}`, `http://localhost:${port}`]),
  };
}

/**
 * The users of a bus server that asks nobody for a name: whoever comes without one may do anything, as without this, but not
 * over a websocket. A page of any site can reach a local port; there, only who knows the password is let in, to look.
 */
export function openUsers({ access }: Websockets): string[] {
  return [
    ...whatMay(user, permissionsOf(Role.Inspector, user)),
    'no_auth_user: anybody',
    'authorization {',
    '  users: [',
    `    { user: anybody, password: ${JSON.stringify(newPassword())}, allowed_connection_types: ["STANDARD", "LEAFNODE"] }`,
    `    { user: ${user}, password: ${JSON.stringify(access.password)}, permissions: $${user}_may, allowed_connection_types: ["WEBSOCKET"] }`,
    '  ]',
    '}',
  ];
}

function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('hex');
}
