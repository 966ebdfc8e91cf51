// How long owners take to answer this coordinator, and which of them are late now. An owner that is later than almost every
// answer of late was is backed up by the next one, and asked last until it has answered.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Clock } from '../ports.js';

/** While too few answers have been seen to tell, in milliseconds. */
export const LATE_DEFAULT_MS = 25;
/** Below it a pause of the scheduler would look like a late owner; above it a slow window would switch the backup off. */
export const LATE_MIN_MS = 5;
export const LATE_MAX_MS = 100;
/** Share of the answers that are not late. */
const PERCENTILE = 99;
/** How long one window of answers lasts, longer when few come: what is late is judged by the last full one. */
export const WINDOW_MS = 10_000;
/** With fewer answers than this a 99th percentile says little. */
export const SAMPLES_MIN = 100;
/** An owner that hangs for as long is found dead; one that failed otherwise gets another chance. In milliseconds. */
const ASKED_LAST_MS = 1000;
const MICROSECONDS_PER_MS = 1000;

export class AnswerTimes {
  private readonly window: RecordableHistogram = createHistogram();
  private windowEndsAtMs: number;
  private late: number = LATE_DEFAULT_MS;
  private hasJudged = false;
  /** Until when each is asked last, on the monotonic clock. */
  private readonly lateOwners = new Map<string, number>();

  constructor(private readonly clock: Clock) {
    this.windowEndsAtMs = clock.monotonic() + WINDOW_MS;
  }

  /** An owner that has not answered within this time is late, in milliseconds: the observed p99, within bounds. */
  get lateAfterMs(): number {
    return this.late;
  }

  /** An owner answered over the bus, `tookMs` after it was asked. */
  answered(owner: string, tookMs: number): void {
    if (this.lateOwners.size > 0) this.lateOwners.delete(owner);
    this.window.record(Math.max(1, Math.round(tookMs * MICROSECONDS_PER_MS)));
    if (this.window.count < SAMPLES_MIN) return;
    // The first verdict does not wait for a whole window.
    if (!this.hasJudged || this.clock.monotonic() >= this.windowEndsAtMs) this.judge();
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

  private judge(): void {
    const observedMs = this.window.percentile(PERCENTILE) / MICROSECONDS_PER_MS;
    this.late = Math.min(LATE_MAX_MS, Math.max(LATE_MIN_MS, observedMs));
    this.hasJudged = true;
    this.window.reset();
    this.windowEndsAtMs = this.clock.monotonic() + WINDOW_MS;
  }
}
