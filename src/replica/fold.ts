// The fold: applies the entries of a replica's log, and knows up to where it has applied all of them. Starting, catching up
// after a gap or a lost connection, and normal operation are one path: apply entries; read those that did not come by
// themselves.
import type { ReplicaLog, StreamEntry, StreamState, Subscription } from '../ports.js';

export interface FoldEvents {
  /** Applies one entry. May see an entry more than once and out of order. */
  apply(entry: StreamEntry): void;
  /** Reads are refused while behind. */
  onBehind(): void;
  onCaughtUp(): void;
  /** The log lacks entries it once held. */
  onHole(reason: string): void;
  /** Reading the log failed; the fold waits for `retry`. */
  onLost(error: unknown): void;
}

/** Entries of one read of the log. */
const ENTRIES_PER_READ = 20_000;

export class Fold {
  /** Every entry up to here has been applied. */
  private contiguous = 0;
  /** Highest sequence known to exist that did not come by itself. Behind while contiguous < needed. */
  private needed = 0;
  /** The run of entries that came by themselves, without a jump: from..to. */
  private liveFrom = Number.POSITIVE_INFINITY;
  private liveTo = 0;
  private first = 1;
  private reading = false;
  /** Counts how often all was forgotten. */
  private begun = 0;
  private started = false;
  private closed = false;
  private subscription: Subscription | undefined;

  constructor(
    private readonly log: ReplicaLog,
    private readonly events: FoldEvents,
  ) {}

  /** Every entry of the log up to this sequence is in memory. */
  get applied(): number {
    return this.contiguous;
  }

  /**
   * Resolves when every entry up to `sequence`, known to exist, is in memory; or when that will not be, since the log was begun
   * anew or is followed no more.
   */
  async reached(sequence: number, pause: () => Promise<void>): Promise<void> {
    this.need(sequence);
    const { begun } = this;
    while (this.contiguous < sequence && this.begun === begun && !this.closed) await pause();
  }

  /** Where the log begins, as of the last `resume`; behind its end when it is empty. */
  get firstSequence(): number {
    return this.first;
  }

  get isBehind(): boolean {
    return !this.started || this.contiguous < this.needed;
  }

  /** Entries still to read, and all there were when the fold fell behind. */
  get progress(): { applied: number; total: number } {
    const total = Math.max(0, this.needed - this.first + 1);
    return { applied: Math.min(total, Math.max(0, this.contiguous - this.first + 1)), total };
  }

  /**
   * Starts, or starts again after the connection was lost: follows the log, finds its end and reads what is missing up to
   * there. Resolves when the end is known, not when it is reached.
   *
   * @throws when the log cannot be reached.
   */
  async resume(): Promise<StreamState> {
    this.subscription ??= await this.log.follow(entry => this.live(entry));
    const state = await this.log.state();
    if (this.started && state.lastSequence < this.contiguous) {
      this.events.onHole(
        `the log ends at entry ${state.lastSequence}, but entry ${this.contiguous} had been stored`,
      );
      this.reset();
    }
    if (!this.started) this.contiguous = Math.max(this.contiguous, state.firstSequence - 1);
    this.started = true;
    this.first = state.firstSequence;
    this.need(state.lastSequence);
    this.joinLive();
    if (!this.isBehind) this.events.onCaughtUp();
    return state;
  }

  /** Forgets everything: the log was begun anew, or is not the one that was read. */
  reset(): void {
    this.begun++;
    this.contiguous = 0;
    this.needed = 0;
    this.liveFrom = Number.POSITIVE_INFINITY;
    this.liveTo = 0;
    this.started = false;
  }

  /** Makes sure that all entries up to `sequence`, known to exist, get applied. */
  need(sequence: number): void {
    if (sequence <= this.needed || sequence <= this.contiguous) return;
    // Entries of the live run are already applied.
    if (this.liveFrom <= this.contiguous + 1 && sequence <= this.liveTo) return;
    const wasBehind = this.isBehind;
    this.needed = sequence;
    if (!wasBehind) this.events.onBehind();
    void this.catchUp();
  }

  /** Goes on reading where it failed. The connection may be back long since: nothing else may come to say so. */
  retry(): void {
    if (!this.closed && this.isBehind) void this.catchUp();
  }

  close(): void {
    this.closed = true;
    this.subscription?.unsubscribe();
    this.subscription = undefined;
  }

  private live(entry: StreamEntry): void {
    const { sequence } = entry;
    this.events.apply(entry);
    if (sequence <= this.liveTo && sequence >= this.liveFrom) return;
    if (sequence !== this.liveTo + 1 || this.liveFrom === Number.POSITIVE_INFINITY) this.liveFrom = sequence;
    this.liveTo = sequence;
    if (this.liveFrom <= this.contiguous + 1) {
      this.contiguous = Math.max(this.contiguous, sequence);
    } else if (this.started) this.need(sequence - 1);
  }

  private joinLive(): void {
    if (this.liveFrom <= this.contiguous + 1) this.contiguous = Math.max(this.contiguous, this.liveTo);
  }

  private async catchUp(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      while (this.isBehind && !this.closed) await this.readNext();
      if (!this.closed) this.events.onCaughtUp();
    } catch (error) {
      if (!this.closed) this.events.onLost(error);
    } finally {
      this.reading = false;
    }
  }

  private async readNext(): Promise<void> {
    const from = this.contiguous + 1;
    const to = Math.min(this.needed, from + ENTRIES_PER_READ - 1);
    let expected = from;
    await this.log.read(from, to, entry => {
      if (entry.sequence !== expected) this.missing(expected, entry.sequence - 1);
      expected = entry.sequence + 1;
      this.events.apply(entry);
      this.contiguous = Math.max(this.contiguous, entry.sequence);
    });
    if (expected <= to) this.missing(expected, to);
    this.contiguous = Math.max(this.contiguous, to);
    this.joinLive();
  }

  private missing(from: number, to: number): void {
    this.events.onHole(from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`);
  }
}
