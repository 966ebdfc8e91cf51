// A connection to the brokers over WebSocket: what a browser has in place of sockets.
import { type NatsConnection, wsconnect } from '@nats-io/nats-core';
import { type Dialled, settingsOf, unreachable } from './settings.js';

/** @throws ClosedError when no server could be reached; `cause` is the NATS client's error. */
export async function openWebSocket(options: Dialled): Promise<NatsConnection> {
  try {
    return await wsconnect(settingsOf(options));
  } catch (cause) {
    throw unreachable(options.servers, cause);
  }
}
