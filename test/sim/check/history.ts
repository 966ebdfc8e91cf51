// What clients did and saw: what the checkers judge by. These are not the checkers of src/check, which judge what was recorded of
// real clusters: they look into memory, disks and queues too, see the versions of tombstones, and import nothing of the product,
// while src/check counts owners by the product's own arithmetic. Two readings of the promises that do not know each other.
import type { SeenVersion } from './version.js';

export interface Operation {
  readonly client: string;
  readonly kind: 'put' | 'delete' | 'get';
  readonly key: string;
  readonly startedAtMs: number;
  endedAtMs: number;
  /** `ok`; `refused`, it had no effect; `unknown`, it may have. */
  outcome: 'ok' | 'refused' | 'unknown';
  /** The version written or read; null when a read found nothing. */
  version: SeenVersion | null;
  /** What was to be written, or was read; undefined for none. */
  value?: string | undefined;
}

/** A promise that was not kept. */
export interface Violation {
  readonly rule: string;
  readonly what: string;
}

export function byKey(operations: readonly Operation[]): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const op of operations) {
    const known = keys.get(op.key);
    if (known === undefined) keys.set(op.key, [op]);
    else known.push(op);
  }
  return keys;
}
