// The clocks of the nodes, compared. One clock that is wrong by an hour must neither win for an hour nor be unable to write:
// a node whose clock most of the others disagree with goes by theirs, and says so in its status.

import type { Clock } from '../ports.js';

/** Clocks needed to tell whose is wrong. */
const QUORATE = 3;

export class PeerClocks {
  /** How far ahead each peer's clock was when it was last heard, in milliseconds. */
  private readonly ahead = new Map<string, number>();
  private correction = 0;
  /** This machine's clock less its monotonic one: jumps when the clock is set. */
  private origin: number;

  /** @param toleranceMs differences up to this are left to the hybrid clock. */
  constructor(
    private readonly clock: Pick<Clock, 'now' | 'monotonic'>,
    private readonly toleranceMs: number,
  ) {
    this.origin = clock.now() - clock.monotonic();
  }

  /** Milliseconds since 1970: by this machine's clock, or by that of the others when this one is wrong. */
  now(): number {
    return this.ownNow() + this.correction;
  }

  /** A clock that was set goes on as before, until the peers have been heard on whether it is right now. */
  private ownNow(): number {
    const now = this.clock.now();
    const origin = now - this.clock.monotonic();
    const jump = origin - this.origin;
    if (Math.abs(jump) > this.toleranceMs) {
      this.correction -= Math.round(jump);
      for (const [peer, ms] of this.ahead) this.ahead.set(peer, ms - Math.round(jump));
      this.origin = origin;
    }
    return now;
  }

  /** What is added to this machine's clock; 0 while it is right, or while there are too few to tell. */
  get correctionMs(): number {
    return this.correction;
  }

  aheadMs(): Record<string, number> {
    return Object.fromEntries(this.ahead);
  }

  /** A peer's own, uncorrected clock, as it was a moment ago. */
  heard(peer: string, now: number): void {
    this.ahead.set(peer, now - this.ownNow());
    this.correct();
  }

  forget(peer: string): void {
    this.ahead.delete(peer);
  }

  /** The median of all clocks, this one's among them, is right as long as most of them are. */
  private correct(): void {
    const clocks = [0, ...this.ahead.values()].sort((a, b) => a - b);
    if (clocks.length < QUORATE) return;
    const middle = clocks.length / 2;
    const low = clocks[Math.ceil(middle) - 1] ?? 0;
    const high = clocks[Math.floor(middle)] ?? 0;
    // Within the two middle clocks, or near them, there is no telling who is wrong.
    const nearest = Math.min(Math.max(0, low), high);
    this.correction = Math.abs(nearest) <= this.toleranceMs ? 0 : nearest;
  }
}
