// Batched Direct Get (ADR-31): the fastest way to replay a stream, and one that needs no consumer.
import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import type { StreamEntry } from '../ports.js';
import { storedHeader } from './stored-headers.js';

/** An entry, with where and when the stream stored it. */
export interface DirectEntry extends StreamEntry {
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly storedAtMs: number;
}

export interface DirectGetOptions {
  readonly connection: NatsConnection;
  /** `$JS.API` or `$JS.<domain>.API`. */
  readonly apiPrefix: string;
  readonly stream: string;
  readonly inboxPrefix?: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly subject?: string | undefined;
  /** Most entries to get. */
  readonly limit: number;
  readonly onEntry: (entry: DirectEntry) => void;
}

/**
 * Most bytes of one batch. The broker sends a batch as fast as it can read, and cuts off a client that has more than its
 * `max_pending` (64 MB by default) still to receive.
 */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** No message for this long means that the broker is lost, in milliseconds. */
const SILENCE_MS = 5000;

const END_OF_BATCH = 204;
const NOT_FOUND = 404;

/**
 * Gets one batch. The broker may end it before all are sent.
 *
 * @returns the sequence to go on from, or undefined when there is nothing further up to `to`.
 * @throws when the broker is lost or refuses.
 */
export function directGet(options: DirectGetOptions): Promise<number | undefined> {
  const { connection, apiPrefix, stream, from, to, subject, limit, onEntry } = options;
  const inbox = createInbox(options.inboxPrefix);
  return new Promise((resolve, reject) => {
    let next = from;
    let count = 0;
    let silence: NodeJS.Timeout | undefined;
    const end = (settle: () => void) => {
      clearTimeout(silence);
      subscription.unsubscribe();
      settle();
    };
    const listen = () => {
      silence = setTimeout(() => end(() => reject(new Error(`no answer from stream ${stream}`))), SILENCE_MS);
    };
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) {
          end(() => reject(error));
          return;
        }
        silence?.refresh();
        const stored = storedHeader(message.headers, 'Nats-Sequence');
        // A stored message may bear the status that somebody gave it; only what the server says by itself has no sequence.
        const code = stored === undefined ? (message.headers?.code ?? 0) : 0;
        if (code === END_OF_BATCH)
          end(() => resolve(count < limit && next <= to && count > 0 ? next : undefined));
        else if (code === NOT_FOUND) end(() => resolve(undefined));
        else if (code !== 0)
          end(() => reject(new Error(`stream ${stream}: ${code} ${message.headers?.description ?? ''}`)));
        else {
          const sequence = Number(stored);
          if (sequence > to) return;
          next = sequence + 1;
          count++;
          onEntry({
            sequence,
            data: message.data,
            subject: storedHeader(message.headers, 'Nats-Subject') ?? '',
            storedAtMs: Date.parse(storedHeader(message.headers, 'Nats-Time-Stamp') ?? ''),
          });
        }
      },
    });
    listen();
    const request = {
      seq: from,
      batch: Math.min(limit, to - from + 1),
      max_bytes: BATCH_BYTES_MAX,
      ...(subject === undefined ? {} : { next_by_subj: subject }),
    };
    connection.publish(`${apiPrefix}.DIRECT.GET.${stream}`, JSON.stringify(request), { reply: inbox });
  });
}
