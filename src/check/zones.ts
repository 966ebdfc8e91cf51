// Linearizability of a register of which every value is written once, in O(n log n): Gibbons and Korach, "Testing shared
// memories" (SIAM J. Comput. 26, 1997). A write and the reads that returned it are a cluster. One cluster must come before
// another when some operation of it ended before some operation of the other began. The register is linearizable unless two
// clusters must each come before the other, or a read ended before its write began.

/** A write with its reads, or the reads that found the initial state. */
export interface Cluster {
  /** Of all its members the earliest end: -Infinity for the initial state, Infinity when no end is known. */
  readonly minEnd: number;
  /** Of all its members the latest start. */
  readonly maxStart: number;
}

/** Two clusters that must each come before the other; undefined when the register is linearizable. */
export function conflict<C extends Cluster>(clusters: readonly C[]): readonly [C, C] | undefined {
  // Forward zones reach from the first end to the last start; in a backward one all members overlap each other.
  const forward = clusters
    .filter(({ minEnd, maxStart }) => minEnd < maxStart)
    .sort((a, b) => a.minEnd - b.minEnd);
  for (const [i, cluster] of forward.entries()) {
    const next = forward[i + 1];
    if (next !== undefined && mustPrecede(next, cluster)) return [cluster, next];
  }
  // Forward zones are disjoint now, so that only the last one that begins before a backward zone can hold it.
  for (const backward of clusters) {
    if (backward.minEnd < backward.maxStart) continue;
    const around = lastBefore(forward, backward.maxStart);
    if (around !== undefined && mustPrecede(backward, around)) return [around, backward];
  }
  return undefined;
}

function mustPrecede(a: Cluster, b: Cluster): boolean {
  return a.minEnd < b.maxStart;
}

/** The last of `sorted` that must come before what starts at `start`. */
function lastBefore<C extends Cluster>(sorted: readonly C[], start: number): C | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.minEnd ?? Infinity) < start) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}
