// The secrets of an emulator: in its data directory, made when it is first started secured.
import os from 'node:os';
import type { ConnectOptions } from '../../client/options.js';
import { natsOptions } from '../../node/credentials.js';
import { inboxPrefixOf, type Role } from '../../wire/permissions.js';
import type { Layout } from '../layout.js';
import { busUrls, hostOf, type Plan } from '../plan.js';
import { writeContexts } from './contexts.js';
import { caFile, ensureSecrets, type Secrets, secretFiles } from './secrets.js';
import { userOfEachRole } from './users-config.js';

/** Undefined when the emulator is not secured. @throws EmulatorError */
export async function emulatorSecrets(plan: Plan, layout: Layout): Promise<Secrets | undefined> {
  if (plan.secure !== true) return undefined;
  const secrets = await ensureSecrets(layout.secretsDir, {
    nodes: plan.cluster.nodes,
    users: userOfEachRole,
    hosts: hostsOf(plan),
  });
  writeContexts(secrets, busUrls(plan));
  return secrets;
}

/** What goes beside the servers into the options of `connect`, for a user whose secrets lie in `dir`. */
export function connectionAs(dir: string, user: Role): Pick<ConnectOptions, 'nats' | 'shortcuts'> {
  const credentials = { nkey: secretFiles(dir, user).seed, tlsCa: caFile(dir) };
  // Over TLS a key is only shown to servers of this cluster's own authority, whatever a heartbeat says.
  return { nats: { ...natsOptions(credentials), inboxPrefix: inboxPrefixOf(user) }, shortcuts: true };
}

/** Every name and address under which its servers may be reached. */
function hostsOf(plan: Plan): string[] {
  const local = ['localhost', '127.0.0.1'];
  const { listen = '127.0.0.1' } = plan;
  if (listen.startsWith('127.')) return [...new Set([...local, listen])];
  const addresses = Object.values(os.networkInterfaces())
    .flatMap(each => each ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  return [...new Set([...local, hostOf(plan), os.hostname(), ...addresses])];
}
