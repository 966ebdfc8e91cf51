// How long owners take to answer this coordinator, and which of them are late now. An owner that is later than almost every
// answer of late was is backed up by the next one, and asked last until it has answered.
import type { Clock } from '../ports.js';
import { LateBound } from './late-bound.js';

/** While too few answers have been seen to tell, in milliseconds. */
export const LATE_DEFAULT_MS = 25;
/** Below it a pause of the scheduler would look like a late owner; above it a slow window would switch the backup off. */
export const LATE_MIN_MS = 5;
export const LATE_MAX_MS = 100;
/** An owner that hangs for as long is found dead; one that failed otherwise gets another chance. In milliseconds. */
const ASKED_LAST_MS = 1000;

export class AnswerTimes {
  private readonly bound: LateBound;
  /** Until when each is asked last, on the monotonic clock. */
  private readonly lateOwners = new Map<string, number>();

  constructor(private readonly clock: Clock) {
    this.bound = new LateBound(clock, {
      isCautious: false,
      defaultMs: LATE_DEFAULT_MS,
      minMs: LATE_MIN_MS,
      maxMs: LATE_MAX_MS,
    });
  }

  /** An owner that has not answered within this time is late, in milliseconds: the observed p99, within bounds. */
  get lateAfterMs(): number {
    return this.bound.lateAfterMs;
  }

  /** An owner answered over the bus, `tookMs` after it was asked. */
  answered(owner: string, tookMs: number): void {
    if (this.lateOwners.size > 0) this.lateOwners.delete(owner);
    this.bound.answered(tookMs);
  }

  /** An owner did not answer in time: others are asked before it until it answers, for a while at most. */
  wasLate(owner: string): void {
    this.lateOwners.set(owner, this.clock.monotonic() + ASKED_LAST_MS);
  }

  get hasLate(): boolean {
    return this.lateOwners.size > 0;
  }

  isLate(owner: string): boolean {
    const untilMs = this.lateOwners.get(owner);
    if (untilMs === undefined || this.clock.monotonic() < untilMs) return untilMs !== undefined;
    this.lateOwners.delete(owner);
    return false;
  }
}
