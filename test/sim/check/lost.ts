// When all is well again a read at ALL of each key returns the newest of all that was acknowledged, or read.
import { byKey, type Operation, type Violation } from './history.js';
import { isOlder, type SeenVersion, show } from './version.js';

/** @param atEnd what was read of each key in the end. */
export function lostViolations(
  operations: readonly Operation[],
  atEnd: ReadonlyMap<string, SeenVersion | null>,
): Violation[] {
  const found: Violation[] = [];
  for (const [key, ops] of byKey(operations)) {
    const seen = atEnd.get(key) ?? null;
    for (const op of ops)
      if (op.outcome === 'ok' && isOlder(seen, op.version))
        found.push({
          rule: 'no acknowledged write is lost',
          what: `key ${key}: ${op.kind} got ${show(op.version)}, at the end there is ${show(seen)}`,
        });
  }
  return found;
}
