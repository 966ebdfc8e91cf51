// What clients did and saw, and whether the guarantees allow it.
import { compareVersions, type Version } from '../../src/model/record.js';

export interface Operation {
  readonly client: string;
  readonly kind: 'put' | 'delete' | 'get';
  readonly key: string;
  readonly startedAtMs: number;
  endedAtMs: number;
  /** `ok`; `refused`, it had no effect; `unknown`, it may have. */
  outcome: 'ok' | 'refused' | 'unknown';
  /** The version written or read; null when a read found nothing. */
  version: Version | null;
}

export interface Violation {
  readonly rule: string;
  readonly what: string;
}

export class History {
  readonly operations: Operation[] = [];

  /** QUORUM with QUORUM: no read is older than a write acked, or a read answered, before it began. */
  violations(): Violation[] {
    const found: Violation[] = [];
    for (const [key, operations] of byKey(this.operations)) {
      const ended = operations.filter(op => op.outcome === 'ok').sort((a, b) => a.endedAtMs - b.endedAtMs);
      const reads = ended.filter(op => op.kind === 'get').sort((a, b) => a.startedAtMs - b.startedAtMs);
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

  /** At any level, within the session of one client: no read is older than what the client wrote or read before. */
  sessionViolations(): Violation[] {
    const seen = new Map<string, Operation>();
    const found: Violation[] = [];
    for (const op of this.operations) {
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
}

/** Clocks tick in milliseconds, and are corrected to within the time a heartbeat takes. */
const CLOCK_SLACK_MS = 500;

/** Of two writes of a key that do not overlap, by more than what clocks may differ, the later wins. */
export function overtaken(operations: readonly Operation[]): Violation[] {
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

function byKey(operations: readonly Operation[]): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const op of operations) keys.set(op.key, [...(keys.get(op.key) ?? []), op]);
  return keys;
}

export function isOlder(a: Version | null, b: Version | null): boolean {
  if (b === null) return false;
  return a === null || compareVersions(a, b) < 0;
}

export function show(version: Version | null): string {
  return version === null
    ? 'nothing'
    : `${version.time}@${version.writer}${version.deleted === true ? ' (deleted)' : ''}`;
}

/** A version as clients see it, taken apart. */
export function parseVersion(version: string, deleted: boolean): Version {
  const at = version.indexOf('@');
  const head = { time: Number(version.slice(0, at)), writer: version.slice(at + 1) };
  return deleted ? { ...head, deleted: true } : head;
}
