// At any level, within the session of one client: no read is older than what the client wrote or read before.
import type { Operation, Violation } from './history.js';
import { isOlder, show } from './version.js';

/** @param operations of each client in the order in which they were done, one after the other. */
export function sessionViolations(operations: readonly Operation[]): Violation[] {
  const seen = new Map<string, Operation>();
  const found: Violation[] = [];
  for (const op of operations) {
    if (op.outcome !== 'ok') continue;
    const name = `${op.client} ${op.key}`;
    const newest = seen.get(name);
    if (op.kind === 'get' && newest !== undefined && isOlder(op.version, newest.version))
      found.push({
        rule:
          newest.kind === 'get' ? 'reads of a session never go backwards' : 'a session reads what it wrote',
        what: `key ${op.key}: ${op.client} read ${show(op.version)} at ${op.startedAtMs.toFixed(1)}, after its ${newest.kind} of ${show(newest.version)}`,
      });
    if (newest === undefined || isOlder(newest.version, op.version)) seen.set(name, op);
  }
  return found;
}
