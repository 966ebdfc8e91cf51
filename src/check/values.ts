// Nothing is read that was not written: somebody wrote it to that key, had begun to before the read ended, and each version has
// one value.
import type { Operation } from './history.js';
import type { Event, KeyHistory } from './of-key.js';
import type { Violation } from './rules.js';
import { describe, show } from './show.js';

export function checkValues(history: KeyHistory): Violation[] {
  const { key, reads, writes, putOf } = history;
  const found: Violation[] = [];
  for (const read of reads) {
    const { value } = read.op;
    if (value === undefined) continue;
    const put = putOf.get(value);
    if (put !== undefined && put.start <= read.end) continue;
    const why =
      put === undefined
        ? 'which nobody wrote, unless it was refused'
        : `before ${describe(put.op)} had begun`;
    found.push({
      rule: 'phantom',
      key,
      what: `${describe(read.op)} found ${show(read.op)}, ${why}`,
      operations: put === undefined ? [read.op] : [read.op, put.op],
      holdings: [],
    });
  }
  return [...found, ...twoValues(key, [...writes, ...reads])];
}

function twoValues(key: string, events: readonly Event[]): Violation[] {
  const known = new Map<string, Operation>();
  const found: Violation[] = [];
  for (const { op } of events) {
    const { version, value } = op;
    if (version === null || value === undefined) continue;
    const other = known.get(version);
    if (other === undefined) known.set(version, op);
    else if (other.value !== value)
      found.push({
        rule: 'two-values',
        key,
        what: `${version} is ${JSON.stringify(other.value)} for ${describe(other)} and ${JSON.stringify(value)} for ${describe(op)}`,
        operations: [other, op].sort((a, b) => a.startedAtMs - b.startedAtMs),
        holdings: [],
      });
  }
  return found;
}
