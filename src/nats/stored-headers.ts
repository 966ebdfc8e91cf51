// Headers of messages that a stream has stored. A publisher may have set headers by the names that the server uses: the server
// adds its own behind them, so that of several the last is true.
import type { MsgHdrs } from '@nats-io/transport-node';

/** What the server says of a stored message; undefined of a message that is none. */
export function storedHeader(
  headers: MsgHdrs | undefined,
  name: 'Nats-Sequence' | 'Nats-Subject' | 'Nats-Time-Stamp',
): string | undefined {
  return headers?.values(name).at(-1);
}
