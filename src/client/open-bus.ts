// A client's connection to the brokers.
import { NatsBus } from '../nats/bus.js';
import { openConnection } from '../nats/connection.js';
import { hasCredentials, shortcutsOverNats } from '../nats/shortcuts.js';
import { checkInboxPrefix } from './arguments.js';
import { type ConnectOptions, Mode } from './options.js';

const SERVER_DEFAULT = 'nats://127.0.0.1:4222';
const NAME_DEFAULT = 'dynats client';
const CONNECT_TIMEOUT_MS = 5000;

/** @throws InvalidRequestError; ClosedError when no broker could be reached. */
export async function openBus(options: ConnectOptions): Promise<NatsBus> {
  const { mode, name = NAME_DEFAULT, nats, shortcuts } = options;
  checkInboxPrefix(nats?.inboxPrefix);
  if (options.connection !== undefined) return NatsBus.on(options.connection, nats?.inboxPrefix);
  const servers = options.servers === undefined ? [SERVER_DEFAULT] : [options.servers].flat();
  const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const connection = await openConnection({ servers, name, timeoutMs, nats });
  // Other nodes' logs and replicas are none of the business of a client that lets nodes coordinate.
  const isWanted = mode === Mode.Direct && (shortcuts ?? !hasCredentials(servers, nats));
  return new NatsBus(connection, nats?.inboxPrefix, isWanted ? shortcutsOverNats(name, nats) : undefined);
}
