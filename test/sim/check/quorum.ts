// W + R > RF: no read is older than a write acknowledged before it began; and of reads above ONE that meet each other, no
// read is older than one that was answered before it began.
import { byKey, type Operation, type Violation } from './history.js';
import { isOlder, show } from './version.js';

export interface QuorumRules {
  /** Whether any two reads have an owner in common. */
  readonly readsMeet: boolean;
}

export function quorumViolations(
  operations: readonly Operation[],
  { readsMeet }: QuorumRules = { readsMeet: true },
): Violation[] {
  const found: Violation[] = [];
  for (const [key, ops] of byKey(operations)) {
    const answered = ops.filter(op => op.outcome === 'ok');
    const reads = answered.filter(op => op.kind === 'get').sort((a, b) => a.startedAtMs - b.startedAtMs);
    const ended = answered
      .filter(op => readsMeet || op.kind !== 'get')
      .sort((a, b) => a.endedAtMs - b.endedAtMs);
    let newest: Operation | undefined;
    let i = 0;
    for (const read of reads) {
      for (; i < ended.length && (ended[i]?.endedAtMs ?? 0) < read.startedAtMs; i++) {
        const op = ended[i];
        if (op !== undefined && (newest === undefined || isOlder(newest.version, op.version))) newest = op;
      }
      if (newest !== undefined && isOlder(read.version, newest.version))
        found.push({
          rule:
            newest.kind === 'get'
              ? 'quorum reads never go backwards'
              : 'a read returns the last acked write or a newer one',
          what: `key ${key}: read at ${read.startedAtMs.toFixed(1)} saw ${show(read.version)}, though ${newest.kind} ended at ${newest.endedAtMs.toFixed(1)} with ${show(newest.version)}`,
        });
    }
  }
  return found;
}
