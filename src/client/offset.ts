// How far the nodes' clocks are ahead of this machine's, by what one answer tells.

/** Clocks tell whole milliseconds. */
const GRAIN_MS = 1;

/**
 * In milliseconds; 0 unless the answer proves otherwise. A client that took the way of an answer for a difference of clocks
 * would write older than another had written just before.
 *
 * @param aheadMs by what the node said, at the time its answer came.
 * @param tookMs from the question to the answer: the node's clock may be ahead by so much more.
 */
export function offsetOf(aheadMs: number, tookMs: number): number {
  const isProven = aheadMs > GRAIN_MS || aheadMs + tookMs < -GRAIN_MS;
  return isProven ? aheadMs : 0;
}
