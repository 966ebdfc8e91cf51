// The verdict on a whole run, put together from those on its parts. They have no key in common.
import { check, type Verdict } from '../check/check.js';

/** What is described of all parts together. */
const describedMax = 20;

export function joined(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce(
    (a, b) => ({
      isKept: a.isKept && b.isKept,
      operations: summed(a.operations, b.operations),
      acked: a.acked + b.acked,
      keys: a.keys + b.keys,
      ordered: a.ordered + b.ordered,
      overtaken: a.overtaken + b.overtaken,
      counts: summed(a.counts, b.counts),
      violations: [...a.violations, ...b.violations].slice(0, describedMax),
    }),
    check([]),
  );
}

function summed<Name extends string>(
  a: Readonly<Record<Name, number>>,
  b: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const sums: Record<Name, number> = { ...a };
  for (const name of Object.keys(b) as Name[]) sums[name] = a[name] + b[name];
  return sums;
}
