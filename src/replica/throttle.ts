// Lets bytes through at a rate that may change meanwhile.
import type { Clock } from '../ports.js';

/** What may be sent at once after a pause, as time at the full rate, in milliseconds. */
const BURST_MS = 100;
/** A changed rate, or a closed node, is noticed within this time, in milliseconds. */
const NAP_MS = 250;

export class Throttle {
  private creditBytes = 0;
  private atMs: number;

  constructor(private readonly clock: Clock) {
    this.atMs = clock.monotonic();
  }

  /**
   * Resolves when `bytes` may be sent; of one large message they are owed afterwards.
   *
   * @param bytesPerSecond asked again while waiting.
   * @returns false when `isCancelled` said so first.
   */
  async pass(bytes: number, bytesPerSecond: () => number, isCancelled: () => boolean): Promise<boolean> {
    for (;;) {
      if (isCancelled()) return false;
      const rate = bytesPerSecond() / 1000;
      const now = this.clock.monotonic();
      this.creditBytes = Math.min(rate * BURST_MS, this.creditBytes + rate * (now - this.atMs));
      this.atMs = now;
      if (this.creditBytes > 0) break;
      const waitMs = Math.min(NAP_MS, 1 - this.creditBytes / rate);
      await new Promise<void>(done => this.clock.after(waitMs, done));
    }
    this.creditBytes -= bytes;
    return true;
  }
}
