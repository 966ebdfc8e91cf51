// Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014) in one integer: microseconds since 1970, whose
// low digits count when the physical clock stands still or lies behind. Safe as a JSON number until the year 2255.

/** How far ahead of a clock a time may be to be believed, unless told otherwise: one wrong clock must not win for ever. */
export const MAX_CLOCK_SKEW_MS = 5000;
/** The longest call and a minute more, in milliseconds. Deletes are kept for longer than this before they are purged. */
const OLDEST_MS = 660_000;

/**
 * Issues strictly increasing times that never fall behind a time it has seen.
 *
 * Invariant: every time returned by `next` is larger than all times returned or observed before.
 */
export class HybridClock {
  private last = 0;

  /**
   * @param nowMs the physical clock, milliseconds since 1970.
   * @param maxSkewMs how far ahead of the physical clock a time may be to be believed.
   */
  constructor(
    private readonly nowMs: () => number,
    readonly maxSkewMs: number,
  ) {}

  /** A new time, for one write. */
  next(): number {
    this.last = Math.max(this.last + 1, this.nowMs() * 1000);
    return this.last;
  }

  /** The newest time issued or seen, without issuing one. */
  current(): number {
    return Math.max(this.last, this.nowMs() * 1000);
  }

  /** Whether `time` lies further ahead than any clock that is right enough could have issued. */
  isTooFarAhead(time: number): boolean {
    return time > (this.nowMs() + this.maxSkewMs) * 1000;
  }

  /** Whether `time` is older than any write that is still under way. */
  isTooOld(time: number): boolean {
    return time < this.current() - OLDEST_MS * 1000;
  }

  /** Folds a time seen elsewhere into this clock; one from too far ahead is not believed. */
  observe(time: number): void {
    if (time > this.last && !this.isTooFarAhead(time)) this.last = time;
  }

  /** As `observe`, for many: mostly one look at the physical clock does for all. */
  observeAll(stamped: readonly { readonly time: number }[]): void {
    const newest = stamped.reduce((time, each) => Math.max(time, each.time), 0);
    if (newest <= this.last) return;
    if (!this.isTooFarAhead(newest)) this.last = newest;
    else for (const { time } of stamped) this.observe(time);
  }
}
