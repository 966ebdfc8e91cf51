// What Dynats had reached, as ratios within a run, and the check that it has not become much slower since.
import type { Verdict } from './targets.js';

/** By the id of the target; measured on two cores with nothing else at work (docs/BENCHMARKS.md). */
const reached: Readonly<Record<string, number>> = {
  'put direct at 64': 1.6,
  'put direct at 256': 1.7,
  'get QUORUM direct at 256': 1.7,
};

/**
 * A check runs for seconds, on machines that are shared, and whoever else is at work there holds up Dynats, with its many
 * processes, more than KV: a rate may be a third of what it was.
 */
const RATE_MARGIN = 3;

export interface Slip {
  readonly verdict: Verdict;
  /** The worst value that would have passed. */
  readonly allowed: number;
}

/** What has slipped too far from what had been reached. @throws when nothing was measured that could have. */
export function slips(verdicts: readonly Verdict[]): Slip[] {
  const known = verdicts.flatMap(verdict => {
    const value = reached[verdict.id];
    if (value === undefined) return [];
    return [{ verdict, allowed: value / RATE_MARGIN }];
  });
  if (known.length === 0) throw new Error(`--check needs one of ${Object.keys(reached).join(', ')}`);
  return known.filter(({ verdict: { value }, allowed }) => value < allowed);
}
