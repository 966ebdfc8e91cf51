// A lane coalesces what is waiting for one destination into one message while the previous message is in flight. Alone, an
// operation is sent at once; under load one message, and one fsync behind it, carries hundreds.

import type { Clock } from '../ports.js';
import type { Pace, Ready } from './pace.js';

export interface LaneLimits<Item> {
  /** Bytes an item adds to a message. */
  readonly bytesOf: (item: Item) => number;
  /** Most items one message carries. */
  readonly itemsMax: number;
  /** Most bytes of items one message carries. An item alone may exceed it. */
  readonly bytesMax: number;
  /** Most items that wait; beyond it the lane is full. */
  readonly queuedMax: number;
  /** Most bytes of items that wait; the last one may exceed it. Default: as many as `queuedMax` items have. */
  readonly queuedBytesMax?: number;
  /** Most messages under way at once. */
  readonly inFlightMax: number;
}

/** Lanes of one pace send together. */
export interface InStep {
  readonly pace: Pace;
  readonly clock: Clock;
}

export class Lane<Item> implements Ready {
  private queue: Item[] = [];
  /** Since when each of them waits, on the monotonic clock. */
  private since: number[] = [];
  private queuedBytes = 0;
  private inFlight = 0;
  private scheduled = false;
  private tookMs = 0;

  /**
   * @param transmit sends one message and settles its items, whatever happens; must not reject.
   * @param inStep without it, the lane sends whenever it is free.
   */
  constructor(
    private readonly limits: LaneLimits<Item>,
    private readonly transmit: (items: Item[]) => Promise<void>,
    private readonly inStep?: InStep,
  ) {}

  /** A full lane takes no more: the caller refuses its request with OVERLOADED before anything is sent. */
  get isFull(): boolean {
    if (this.queuedBytes >= (this.limits.queuedBytesMax ?? Number.POSITIVE_INFINITY)) return true;
    return this.queue.length >= this.limits.queuedMax;
  }

  /**
   * Whether an item that has so long would probably be too late: half of that is gone by when what waits before it is sent, going
   * by the last message, or the first that waits has waited that long already. What is then refused can be tried elsewhere, and
   * what waits is done in time; under more than the destination can take, all would else be late.
   */
  isLateFor(remainingMs: number, nowMs: number): boolean {
    const [first] = this.since;
    if (first === undefined || this.inStep === undefined) return false;
    const { itemsMax, bytesMax } = this.limits;
    const messages = Math.max(this.queue.length / itemsMax, this.queuedBytes / bytesMax);
    const waitedMs = nowMs - first;
    return Math.max(waitedMs, messages * this.tookMs) > remainingMs / 2;
  }

  get isIdle(): boolean {
    return this.queue.length === 0 && this.inFlight === 0;
  }

  get lastTookMs(): number {
    return this.tookMs;
  }

  submit(item: Item): void {
    this.queue.push(item);
    this.since.push(this.inStep?.clock.monotonic() ?? 0);
    this.queuedBytes += this.limits.bytesOf(item);
    this.inStep?.pace.queued(1);
    this.schedule();
  }

  /** Takes back everything not sent yet. */
  takeQueued(): Item[] {
    const taken = this.queue;
    this.queue = [];
    this.since = [];
    this.queuedBytes = 0;
    this.inStep?.pace.queued(-taken.length);
    return taken;
  }

  /** Sends a message, if there is anything to send and room for it. */
  send(): void {
    this.scheduled = false;
    if (this.queue.length === 0 || this.inFlight >= this.limits.inFlightMax) return;
    void this.message(this.takeMessage());
    if (this.queue.length > 0) this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.inFlight >= this.limits.inFlightMax) return;
    this.scheduled = true;
    // Everything that one incoming message asks for goes out in one message.
    if (this.inStep === undefined) queueMicrotask(() => this.send());
    else this.inStep.pace.isReady(this);
  }

  private async message(items: Item[]): Promise<void> {
    const { pace, clock } = this.inStep ?? {};
    const sentAtMs = clock?.monotonic() ?? 0;
    this.inFlight++;
    pace?.sent(items.length);
    await this.transmit(items);
    this.inFlight--;
    if (clock !== undefined) this.tookMs = clock.monotonic() - sentAtMs;
    pace?.settled(items.length);
    if (this.queue.length === 0) return;
    if (pace === undefined) this.send();
    else this.schedule();
  }

  private takeMessage(): Item[] {
    let bytes = 0;
    let count = 0;
    for (const item of this.queue) {
      const more = bytes + this.limits.bytesOf(item);
      if (count > 0 && (more > this.limits.bytesMax || count >= this.limits.itemsMax)) break;
      bytes = more;
      count++;
    }
    if (count === this.queue.length) return this.takeQueued();
    this.queuedBytes -= bytes;
    this.inStep?.pace.queued(-count);
    this.since.splice(0, count);
    return this.queue.splice(0, count);
  }
}
