// What counts as late, learnt from how long answers take: their 99th percentile, within bounds.
import { createHistogram, type Histogram } from '#platform/histogram';
import type { Clock } from '../ports.js';

/** In milliseconds. */
export interface LateBounds {
  /**
   * Whether a slow answer counts at once, until the end of its window. For whom a wrong verdict costs much: under a sudden
   * load everything is slow, and few answers come.
   */
  readonly isCautious: boolean;
  /** While too few answers have been seen to tell. */
  readonly defaultMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Share of the answers that are not late. */
const PERCENTILE = 99;
/** How long one window of answers lasts, longer when few come: what is late is judged by the last full one. */
export const WINDOW_MS = 10_000;
/** With fewer answers than this a 99th percentile says little. */
export const SAMPLES_MIN = 100;
const MICROSECONDS_PER_MS = 1000;

export class LateBound {
  private readonly window: Histogram = createHistogram();
  private windowEndsAtMs: number;
  private late: number;
  private hasJudged = false;

  constructor(
    private readonly clock: Clock,
    private readonly bounds: LateBounds,
  ) {
    this.late = bounds.defaultMs;
    this.windowEndsAtMs = clock.monotonic() + WINDOW_MS;
  }

  /** What has not been answered within this time is late, in milliseconds. */
  get lateAfterMs(): number {
    return this.late;
  }

  answered(tookMs: number): void {
    if (this.bounds.isCautious && tookMs > this.late) this.late = Math.min(this.bounds.maxMs, tookMs);
    this.window.record(Math.max(1, Math.round(tookMs * MICROSECONDS_PER_MS)));
    if (this.window.count < SAMPLES_MIN) return;
    // The first verdict does not wait for a whole window.
    if (!this.hasJudged || this.clock.monotonic() >= this.windowEndsAtMs) this.judge();
  }

  private judge(): void {
    const { minMs, maxMs } = this.bounds;
    const observedMs = this.window.percentile(PERCENTILE) / MICROSECONDS_PER_MS;
    this.late = Math.min(maxMs, Math.max(minMs, observedMs));
    this.hasJudged = true;
    this.window.reset();
    this.windowEndsAtMs = this.clock.monotonic() + WINDOW_MS;
  }
}
