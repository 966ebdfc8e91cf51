// Batched Direct Get (ADR-31): the fastest way to replay a stream, and one that needs no consumer.
import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
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
}

/** What one batch brought, in order of sequence. */
export class Batch {
  constructor(
    private readonly messages: readonly Msg[],
    /** Sequence of the first message when they follow each other without a gap; undefined when that is not known. */
    private readonly first: number | undefined,
    /** The sequence to go on from; undefined when there is nothing further. */
    readonly next: number | undefined,
  ) {}

  get length(): number {
    return this.messages.length;
  }

  /** Their headers are looked at only where nothing else tells the sequences: that costs as much as all the rest. */
  entries(onEntry: (entry: StreamEntry) => void): void {
    const { messages, first } = this;
    for (const [i, message] of messages.entries())
      onEntry({ sequence: first === undefined ? sequenceOf(message) : first + i, data: message.data });
  }

  fullEntries(onEntry: (entry: DirectEntry) => void): void {
    for (const message of this.messages)
      onEntry({
        sequence: sequenceOf(message),
        data: message.data,
        subject: storedHeader(message.headers, 'Nats-Subject') ?? '',
        storedAtMs: Date.parse(storedHeader(message.headers, 'Nats-Time-Stamp') ?? ''),
      });
  }
}

/** Most bytes and entries of one batch: who takes them up does so at one go, and has other work. */
const BATCH_BYTES_MAX = 1024 * 1024;
const BATCH_MAX = 2000;
/** No message for this long means that the broker is lost, in milliseconds. */
const SILENCE_MS = 5000;

const END_OF_BATCH = 204;
const NOT_FOUND = 404;

/**
 * Gets one batch. The broker may end it before all are sent.
 *
 * @throws when the broker is lost or refuses.
 */
export function directGet(options: DirectGetOptions): Promise<Batch> {
  const { connection, apiPrefix, stream, from, to, subject, limit } = options;
  const inbox = createInbox(options.inboxPrefix);
  const count = Math.min(limit, to - from + 1, BATCH_MAX);
  return new Promise((resolve, reject) => {
    const messages: Msg[] = [];
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
        const code = statusOf(message);
        if (code === 0) messages.push(message);
        else if (code === END_OF_BATCH) end(() => resolve(batchOf(options, messages)));
        else if (code === NOT_FOUND) end(() => resolve(new Batch([], undefined, undefined)));
        else end(() => reject(new Error(`stream ${stream}: ${code} ${message.headers?.description ?? ''}`)));
      },
    });
    listen();
    const request = {
      seq: from,
      batch: count,
      max_bytes: BATCH_BYTES_MAX,
      ...(subject === undefined ? {} : { next_by_subj: subject }),
    };
    connection.publish(`${apiPrefix}.DIRECT.GET.${stream}`, JSON.stringify(request), { reply: inbox });
  });
}

function batchOf({ from, to, limit }: DirectGetOptions, messages: readonly Msg[]): Batch {
  const last = messages.at(-1);
  if (last === undefined) return new Batch([], undefined, undefined);
  const lastSequence = sequenceOf(last);
  const next = lastSequence < to && messages.length < limit ? lastSequence + 1 : undefined;
  // As many as there are sequences from the first asked for to the last: none is missing.
  if (lastSequence - from + 1 === messages.length) return new Batch(messages, from, next);
  return new Batch(
    messages.filter(message => sequenceOf(message) <= to),
    undefined,
    next,
  );
}

/**
 * The status that the server says by itself, 0 of a stored message. That may bear a status too, which somebody gave it; but
 * what the server says has neither data nor a sequence.
 */
function statusOf({ data, headers }: Msg): number {
  if (data.length > 0 || storedHeader(headers, 'Nats-Sequence') !== undefined) return 0;
  return headers?.code ?? 0;
}

function sequenceOf(message: Msg): number {
  return Number(storedHeader(message.headers, 'Nats-Sequence'));
}
