// Lanes whose messages are log entries: to the logs of replicas, and to hints streams. JetStream's ack of an entry, stored
// and fsynced, is the durable ack of every record in it.
import { textOf } from '#platform/bytes';
import { type Bus, BusError } from '../ports.js';
import { checksumOf, ENTRY_OVERHEAD_BYTES, ENTRY_RECORDS_MAX, encodeEntry } from '../wire/log-entry.js';
import { type InStep, Lane } from './lane.js';

/** One record on its way into one stream. */
export interface Append {
  /** The record as it stands in an entry (`encodeRecord`). */
  readonly text: string;
  /** Bytes it adds to an entry. */
  readonly bytes: number;
  /** The stream has stored it. */
  acked(): void;
  /** It was not stored, or nobody can say whether it was. */
  failed(why: AppendFailure): void;
}

/** `refused`: the broker answered, but would not store (a full disk, a full stream). `gone`: the node was given up. */
export type AppendFailure = BusError['kind'] | 'refused' | 'gone';

/** How an entry fared, for who keeps account of the node behind the stream. */
export interface EntryOutcome {
  /** Sequence of the stored entry; undefined when it was not acked. */
  readonly sequence?: number;
  readonly crc32: string;
  readonly failure?: Exclude<AppendFailure, 'gone'>;
}

export interface EntryLaneOptions {
  readonly bus: Bus;
  readonly subject: string;
  /** Name of the stream that must ack. */
  readonly stream: string;
  /** How long an ack may take, in milliseconds. */
  readonly ackTimeoutMs: number;
  readonly onOutcome: (outcome: EntryOutcome) => void;
  readonly inStep?: InStep;
}

/** Most records that wait for one stream. */
const QUEUED_MAX = 20_000;
/** And bytes of them: large records would wait until all of them are too late, and everything behind them. */
const QUEUED_BYTES_MAX = 16 * 1024 * 1024;
const RECORDS_PER_ENTRY = Math.min(1024, ENTRY_RECORDS_MAX);
/** Entries stay well below the broker's limit, so that one fsync does not hold up the next for long. */
const ENTRY_BYTES_MAX = 512 * 1024;

export class EntryLane {
  private readonly lane: Lane<Append>;
  /** Messages under way, and what lets go of each. */
  private readonly inFlight = new Map<Append[], () => void>();

  constructor(private readonly options: EntryLaneOptions) {
    const bytesMax = Math.min(ENTRY_BYTES_MAX, options.bus.maxPayload - ENTRY_OVERHEAD_BYTES);
    this.lane = new Lane<Append>(
      {
        bytesOf: ({ bytes }) => bytes,
        itemsMax: RECORDS_PER_ENTRY,
        bytesMax,
        queuedMax: QUEUED_MAX,
        queuedBytesMax: QUEUED_BYTES_MAX,
        inFlightMax: 1,
      },
      items => this.transmit(items),
      options.inStep,
    );
  }

  get isFull(): boolean {
    return this.lane.isFull;
  }

  /** Whether a record that is to be stored within so long would probably be too late. */
  isLateFor(remainingMs: number, nowMs: number): boolean {
    return this.lane.isLateFor(remainingMs, nowMs);
  }

  get isIdle(): boolean {
    return this.lane.isIdle;
  }

  submit(append: Append): void {
    this.lane.submit(append);
  }

  /** The node behind the stream is gone: fails at once what waits for it, sent or not, and is free for when it is back. */
  abandon(): void {
    const queued = this.lane.takeQueued();
    const sent = [...this.inFlight];
    this.inFlight.clear();
    for (const [appends, letGo] of sent) {
      letGo();
      for (const append of appends) append.failed('gone');
    }
    for (const append of queued) append.failed('gone');
  }

  private async transmit(appends: Append[]): Promise<void> {
    const data = encodeEntry(appends.map(append => append.text));
    const abandoned = new Promise<undefined>(letGo => {
      this.inFlight.set(appends, () => letGo(undefined));
    });
    const outcome = await Promise.race([this.send(data), abandoned]);
    // An ack, or a timeout, that comes after the node was given up says nothing of the node that is back.
    if (outcome === undefined) return;
    this.inFlight.delete(appends);
    this.options.onOutcome(outcome);
    const { failure } = outcome;
    for (const append of appends) {
      if (failure === undefined) append.acked();
      else append.failed(failure);
    }
  }

  private async send(data: Uint8Array): Promise<EntryOutcome> {
    const crc32 = checksumOf(data);
    const { bus, subject, stream, ackTimeoutMs } = this.options;
    try {
      const reply = await bus.request(subject, data, ackTimeoutMs);
      const sequence = acknowledgedSequence(reply.data, stream);
      return sequence === undefined ? { crc32, failure: 'refused' } : { crc32, sequence };
    } catch (error) {
      if (error instanceof BusError) return { crc32, failure: error.kind };
      throw error;
    }
  }
}

/** Sequence in a JetStream PubAck of `stream`; undefined when it is an error, another stream's ack, or none at all. */
export function acknowledgedSequence(data: Uint8Array, stream: string): number | undefined {
  let ack: unknown;
  try {
    ack = JSON.parse(textOf(data));
  } catch {
    return undefined;
  }
  if (ack === null || typeof ack !== 'object') return undefined;
  const { stream: from, seq, error } = ack as { stream?: unknown; seq?: unknown; error?: unknown };
  // A refusal names its stream too, with sequence 0.
  if (error !== undefined || from !== stream) return undefined;
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq > 0 ? seq : undefined;
}
