// Judges a history by what docs/GUARANTEES.md promises: the one entry to the checkers.
import { checkEnd } from './at-end.js';
import { checkFreshness } from './freshness.js';
import { HistoryError, type Holding, type Operation } from './history.js';
import type { Quorums } from './meeting.js';
import { byKey, prepare } from './of-key.js';
import { checkOneOrder } from './one-order.js';
import { type Rule, rules, type Violation } from './rules.js';
import { checkSessions } from './sessions.js';
import { checkValues } from './values.js';

export interface CheckOptions {
  /** Owners of each key, default 3. */
  readonly replicationFactor?: number;
  /** Whether some owner's disk lost what it held: then only what a quorum acknowledged must last. Default false. */
  readonly disksLost?: boolean;
  /** What each owner held of each key when all had become quiet again; without any nothing is said of the end. */
  readonly holdings?: readonly Holding[];
  /** The client whose reads came after everything else: what they miss is `lost` and not `stale`. */
  readonly finalClient?: string;
  /** Most violations of one rule that are described; all are counted. Default 20. */
  readonly describedMax?: number;
}

export interface Verdict {
  /** Whether every promise was kept. */
  readonly isKept: boolean;
  readonly operations: Readonly<Record<Operation['outcome'], number>>;
  /** Writes that were acknowledged. */
  readonly acked: number;
  readonly keys: number;
  /** Operations at QUORUM and above that were put in one order. */
  readonly ordered: number;
  /** Acknowledged writes that something newer had been before of, which is no violation: see "Which write wins". */
  readonly overtaken: number;
  /** How often each promise was broken. */
  readonly counts: Readonly<Record<Rule, number>>;
  readonly violations: readonly Violation[];
}

const REPLICATION_FACTOR = 3;
const DESCRIBED_MAX = 20;

/**
 * Judges a history. The cluster must have held none of its keys before.
 *
 * @throws HistoryError the history contradicts itself: an end before its start, two puts of one value, two operations of a
 *   session under way at once, a version that is none.
 */
export function check(history: readonly Operation[], options: CheckOptions = {}): Verdict {
  const { replicationFactor = REPLICATION_FACTOR, disksLost = false, describedMax = DESCRIBED_MAX } = options;
  const quorums: Quorums = { replicationFactor, disksLost };
  assertSound(history);
  const held = heldByKey(options.holdings ?? []);
  const keys = byKey(history);
  for (const key of held.keys()) if (!keys.has(key)) keys.set(key, []);
  const tally = new Tally(describedMax);
  let ordered = 0;
  let overtaken = 0;
  for (const [key, operations] of keys) {
    const ofKey = prepare(key, operations);
    const { violations, seen } = checkFreshness(ofKey, quorums);
    const order = checkOneOrder(ofKey, seen, replicationFactor);
    ordered += order.judged;
    overtaken += order.overtaken;
    const values = checkValues(ofKey);
    const fresh = violations.map(violation => namedAtEnd(violation, options.finalClient));
    tally.add([...values, ...fresh, ...checkSessions(ofKey)]);
    tally.add(checkEnd(ofKey, held.get(key) ?? [], seen, quorums));
    // What versions or values show already would only be said once more, and less clearly.
    if (order.violation !== undefined && violations.length + values.length === 0)
      tally.add([order.violation]);
  }
  return {
    isKept: tally.isEmpty,
    operations: outcomes(history),
    acked: history.filter(({ kind, outcome }) => kind !== 'get' && outcome === 'ok').length,
    keys: keys.size,
    ordered,
    overtaken,
    counts: tally.counts,
    violations: tally.described,
  };
}

function namedAtEnd(violation: Violation, finalClient: string | undefined): Violation {
  const isLate = finalClient !== undefined && violation.operations.at(-1)?.client === finalClient;
  return isLate && violation.rule !== 'resurrected' ? { ...violation, rule: 'lost' } : violation;
}

class Tally {
  readonly counts = Object.fromEntries(Object.keys(rules).map(rule => [rule, 0])) as Record<Rule, number>;
  readonly described: Violation[] = [];

  constructor(private readonly describedMax: number) {}

  get isEmpty(): boolean {
    return this.described.length === 0;
  }

  add(violations: readonly Violation[]): void {
    for (const violation of violations)
      if (++this.counts[violation.rule] <= this.describedMax) this.described.push(violation);
  }
}

function outcomes(history: readonly Operation[]): Record<Operation['outcome'], number> {
  const counts = { ok: 0, refused: 0, unknown: 0 };
  for (const { outcome } of history) counts[outcome]++;
  return counts;
}

function heldByKey(holdings: readonly Holding[]): Map<string, Holding[]> {
  const keys = new Map<string, Holding[]>();
  for (const held of holdings) {
    const known = keys.get(held.key);
    if (known === undefined) keys.set(held.key, [held]);
    else known.push(held);
  }
  return keys;
}

/** What every checker relies on. */
function assertSound(history: readonly Operation[]): void {
  for (const op of history) {
    const where = `${op.kind} of ${JSON.stringify(op.key)} by ${op.client} at ${op.startedAtMs} ms`;
    if (!(op.endedAtMs >= op.startedAtMs)) throw new HistoryError(`${where} ends before it starts`);
    if (op.kind === 'put' && op.value === undefined) throw new HistoryError(`${where} has no value`);
  }
}
