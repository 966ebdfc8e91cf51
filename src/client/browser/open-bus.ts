// A client's connection to the brokers from a page: over WebSocket, in place of ../open-bus.ts.
import { InvalidRequestError } from '../../errors.js';
import { NatsBus } from '../../nats/bus.js';
import { openWebSocket } from '../../nats/websocket.js';
import { checkInboxPrefix } from '../arguments.js';
import { type ConnectOptions, Mode } from '../options.js';

const NAME_DEFAULT = 'dynats client in a browser';
const CONNECT_TIMEOUT_MS = 5000;
const EXAMPLE = 'wss://bus.example:8443';

/** @throws InvalidRequestError; ClosedError when no broker could be reached. */
export async function openBus(options: ConnectOptions): Promise<NatsBus> {
  const { mode, name = NAME_DEFAULT, nats } = options;
  checkInboxPrefix(nats?.inboxPrefix);
  if (mode === Mode.Direct)
    throw new InvalidRequestError(
      'mode',
      'mode direct is not for browsers: who coordinates writes to the logs of all nodes; leave mode out, and the nodes coordinate',
    );
  if (options.connection !== undefined) return NatsBus.on(options.connection, nats?.inboxPrefix);
  const servers = options.servers === undefined ? [] : [options.servers].flat();
  if (servers.length === 0)
    throw new InvalidRequestError(
      'servers',
      `servers is missing: name the WebSocket address of a server of the bus, such as ${EXAMPLE}`,
    );
  for (const server of servers)
    if (!/^wss?:\/\//.test(server))
      throw new InvalidRequestError(
        'servers',
        `servers must be WebSocket addresses in a browser, such as ${EXAMPLE}: browsers open no other sockets`,
      );
  const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  return new NatsBus(await openWebSocket({ servers, name, timeoutMs, nats }), nats?.inboxPrefix);
}
