// A lane of reads to one replica: what several requests ask of it travels in one message.
import { type Bus, BusError } from '../ports.js';
import type { ReadReply, WireRecord } from '../wire/generated/types.js';
import { readReply as validate } from '../wire/generated/validators.js';
import { decodeReply, encodeJson } from '../wire/json.js';
import { subjects } from '../wire/subjects.js';
import { type InStep, Lane } from './lane.js';

export type Answer = Exclude<ReadReply['answers'][number], 'dropped'>;

/** One question to one replica. */
export interface Read {
  readonly bucket: string;
  readonly key: string;
  readonly want: 'record' | 'version';
  answered(answer: Answer): void;
  /** The replica did not answer, or answers no reads now. */
  failed(): void;
}

/** Answers reads without the bus: the replica in the coordinator's own process. Undefined when it answers none now. */
export type LocalReplica = (bucket: string, key: string) => WireRecord | null | undefined;

/** How long an answer may take before its node counts as dead, in milliseconds. */
const ANSWER_TIMEOUT_MS = 1000;
const QUEUED_MAX = 20_000;
const READS_PER_MESSAGE = 512;
/** Fixed part of a read in a request, beside bucket and key. */
const READ_OVERHEAD_BYTES = 40;

export interface ReadLaneOptions {
  readonly bus: Bus;
  readonly node: string;
  readonly onDeath: () => void;
  readonly local: LocalReplica | undefined;
  readonly inStep: InStep;
}

export class ReadLane {
  private readonly lane: Lane<Read>;
  /** Messages under way, and what lets go of each. */
  private readonly inFlight = new Map<Read[], () => void>();

  constructor(private readonly options: ReadLaneOptions) {
    const bytesMax = options.bus.maxPayload / 2;
    this.lane = new Lane<Read>(
      { bytesOf, itemsMax: READS_PER_MESSAGE, bytesMax, queuedMax: QUEUED_MAX, inFlightMax: 1 },
      reads => this.transmit(reads),
      options.inStep,
    );
  }

  get isIdle(): boolean {
    return this.lane.isIdle;
  }

  get isFull(): boolean {
    return this.lane.isFull;
  }

  /** Whether a read that is to be answered within so long would probably be too late. */
  isLateFor(remainingMs: number, nowMs: number): boolean {
    return this.lane.isLateFor(remainingMs, nowMs);
  }

  ask(read: Read): void {
    if (this.options.local !== undefined) {
      const held = this.options.local(read.bucket, read.key);
      if (held === undefined) read.failed();
      else read.answered(held);
      return;
    }
    this.lane.submit(read);
  }

  /** The node is gone: fails at once what waits for it, and is free for when it is back. */
  abandon(): void {
    const queued = this.lane.takeQueued();
    const sent = [...this.inFlight];
    this.inFlight.clear();
    for (const [reads, letGo] of sent) {
      letGo();
      for (const read of reads) read.failed();
    }
    for (const read of queued) read.failed();
  }

  private async transmit(reads: Read[]): Promise<void> {
    const abandoned = new Promise<'abandoned'>(letGo => {
      this.inFlight.set(reads, () => letGo('abandoned'));
    });
    const answers = await Promise.race([this.send(reads), abandoned]);
    if (answers === 'abandoned') return;
    this.inFlight.delete(reads);
    reads.forEach((read, i) => {
      const answer = answers?.[i];
      // A bucket that was dropped is not to be found by who has not heard of it.
      if (answer === undefined || answer === 'dropped') read.failed();
      else read.answered(answer);
    });
  }

  /** The answers in order, fewer when the reply had no room for all; undefined when there are none. */
  private async send(reads: Read[]): Promise<ReadReply['answers'] | undefined> {
    const { bus, node: self, onDeath } = this.options;
    const request = encodeJson({ reads: reads.map(({ bucket, key, want }) => ({ bucket, key, want })) });
    try {
      const reply = await bus.request(subjects.read(self), request, ANSWER_TIMEOUT_MS);
      const { node, refused, answers } = decodeReply(validate, reply.data);
      return node === self && refused === undefined ? answers : undefined;
    } catch (error) {
      // Not when it was given up meanwhile: that says nothing of the node that is back.
      if (error instanceof BusError && error.kind !== 'closed' && this.inFlight.has(reads)) onDeath();
      // A reply that is not valid, or an error reply, is no answer; the other owners are asked.
      return undefined;
    }
  }
}

function bytesOf({ bucket, key }: Read): number {
  return READ_OVERHEAD_BYTES + bucket.length + key.length * 2;
}
