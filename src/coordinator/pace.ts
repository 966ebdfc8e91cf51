// Keeps the lanes of one coordinator in step. A message costs about as much however few items it carries, and lanes that each
// send as soon as they are free fall out of step: many messages, each with few items. Callers wait for several lanes; so while
// more is under way than waits, what is under way is about to bring more to send, and free lanes wait for it, each at most as
// long as its own last message took.
import type { Clock, Timer } from '../ports.js';

/** A lane that is free and has something to send. */
export interface Ready {
  /** How long its last message took, in milliseconds. */
  readonly lastTookMs: number;
  send(): void;
}

/** No lane waits for longer, in milliseconds. */
const PATIENCE_MAX_MS = 5;

export class Pace {
  /** Items that wait in all the lanes. */
  private waiting = 0;
  /** Items sent and not settled. */
  private underWay = 0;
  /** Lanes that could send, with the end of their patience once they were told to wait. */
  private readonly ready = new Map<Ready, Timer | undefined>();
  private isLooking = false;

  constructor(private readonly clock: Clock) {}

  /** Calls `lane.send()` when it is time. */
  isReady(lane: Ready): void {
    if (!this.ready.has(lane)) this.ready.set(lane, undefined);
    this.lookSoon();
  }

  /** Items were put into a queue, or taken out of it (negative) to be sent or not at all. */
  queued(items: number): void {
    this.waiting += items;
    if (this.ready.size > 0) this.lookSoon();
  }

  sent(items: number): void {
    this.underWay += items;
  }

  settled(items: number): void {
    this.underWay -= items;
    if (this.ready.size > 0) this.lookSoon();
  }

  private lookSoon(): void {
    if (this.isLooking) return;
    this.isLooking = true;
    // Alone, nothing waits. Otherwise whoever heard of an ack just now is about to ask for more.
    if (this.underWay === 0) queueMicrotask(() => this.look());
    else this.clock.after(0, () => this.look());
  }

  private look(): void {
    this.isLooking = false;
    const isTime = this.underWay <= this.waiting;
    // What one sends changes the balance; they were ready together, and go together.
    for (const [lane, patience] of [...this.ready]) {
      if (isTime) this.go(lane);
      else if (patience === undefined) this.ready.set(lane, this.patience(lane));
    }
  }

  private patience(lane: Ready): Timer {
    return this.clock.after(Math.min(lane.lastTookMs, PATIENCE_MAX_MS), () => this.go(lane));
  }

  private go(lane: Ready): void {
    this.ready.get(lane)?.cancel();
    this.ready.delete(lane);
    lane.send();
  }
}
