// A connection to the brokers, with the settings Dynats relies on.
import type { Socket } from 'node:net';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { settingsOf, unreachable } from './settings.js';
import { tlsFor } from './tls.js';

export interface OpenOptions {
  readonly servers: readonly string[];
  readonly name: string;
  /** How long to try, in milliseconds. */
  readonly timeoutMs: number;
  /** Keep trying while no server is there, up to `timeoutMs`; else fail when none answers the first time. */
  readonly isPatient?: boolean;
  /** Anything else: authenticator, tls, inboxPrefix... */
  readonly nats?: NodeConnectionOptions | undefined;
}

/** @throws ClosedError when no server could be reached; `cause` is the NATS client's error. */
export async function openConnection(options: OpenOptions): Promise<NatsConnection> {
  const until = Date.now() + options.timeoutMs;
  for (;;) {
    try {
      const timeoutMs = until - Date.now();
      const connection = await connect({ ...settingsOf({ ...options, timeoutMs }), ...tlsFor(options) });
      endWithServer(connection);
      return connection;
    } catch (cause) {
      if (options.isPatient !== true || Date.now() >= until) throw unreachable(options.servers, cause);
      await new Promise(done => setTimeout(done, 50));
    }
  }
}

/**
 * When the server ends the connection, the NATS client (3.4) goes on to write to the socket, and takes its error listeners
 * off before the error of that write comes: the process dies of it. Destroying the socket first leaves nothing to write to.
 */
function endWithServer(connection: NatsConnection): void {
  // The socket is not part of the client's public interface.
  const { protocol } = connection as { protocol?: { transport?: { socket?: Socket } } };
  const guard = () => {
    const socket = protocol?.transport?.socket;
    socket?.prependOnceListener('end', () => socket.destroy());
  };
  guard();
  void (async () => {
    for await (const { type } of connection.status()) if (type === 'reconnect') guard();
  })();
}
