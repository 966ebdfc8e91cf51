// Of two writes of a key that do not overlap, by more than what clocks may differ, the later wins.
import { byKey, type Operation, type Violation } from './history.js';
import { isOlder, show } from './version.js';

/** Clocks tick in milliseconds, and are corrected to within the time a heartbeat takes. */
const CLOCK_SLACK_MS = 500;

export function laterWinsViolations(operations: readonly Operation[]): Violation[] {
  const found: Violation[] = [];
  for (const [key, ops] of byKey(operations)) {
    const writes = ops.filter(op => op.kind !== 'get' && op.outcome === 'ok');
    for (const earlier of writes)
      for (const later of writes)
        if (earlier.endedAtMs + CLOCK_SLACK_MS < later.startedAtMs && isOlder(later.version, earlier.version))
          found.push({
            rule: 'of two writes that do not overlap the later wins',
            what: `key ${key}: ${later.kind} at ${later.startedAtMs.toFixed(1)} got ${show(later.version)}, though ${show(earlier.version)} was acked at ${earlier.endedAtMs.toFixed(1)}`,
          });
  }
  return found;
}
