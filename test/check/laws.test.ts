// The fast checkers against slow ones that are plainly right, on histories by chance: zones against the search, and versions in
// one pass against every pair.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { check } from '../../src/check/check.js';
import { checkFreshness } from '../../src/check/freshness.js';
import type { Operation } from '../../src/check/history.js';
import { prepare } from '../../src/check/of-key.js';
import { checkOneOrder, intervalsOf } from '../../src/check/one-order.js';
import { type Interval, isLinearizable, type RegisterAction, register } from '../../src/check/wgl.js';
import { conflict } from '../../src/check/zones.js';
import { del, get, lostPut, put } from './histories.js';

const numRuns = 2000;
const quorums = { replicationFactor: 3, disksLost: false };

/** Zones as they are defined, for a register whose values are written once each. */
function zonesSay(history: readonly Interval<RegisterAction>[]): 'yes' | 'no' {
  const values = [...new Set(history.map(({ action }) => action.value))];
  const clusters = values.map(value => {
    const members = history.filter(({ action }) => action.value === value);
    const writeOf = members.find(({ action }) => action.kind === 'write');
    return {
      writeStart: writeOf?.start ?? (value === '' ? -Infinity : Infinity),
      firstEnd: Math.min(...members.map(({ end }) => end)),
      minEnd: value === '' ? -Infinity : Math.min(...members.map(({ end }) => end)),
      maxStart: Math.max(...members.map(({ start }) => start)),
    };
  });
  if (clusters.some(({ writeStart, firstEnd }) => firstEnd < writeStart)) return 'no';
  return conflict(clusters) === undefined ? 'yes' : 'no';
}

const interval = fc
  .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 8 }))
  .map(([start, length]) => ({ start, end: start + length }));

test('zones and the search agree on any history of a register', () => {
  const seen = { yes: 0, no: 0 };
  const writes = fc.array(fc.tuple(interval, fc.boolean()), { minLength: 1, maxLength: 4 });
  const reads = fc.array(fc.tuple(interval, fc.integer({ min: 0, max: 4 })), { maxLength: 6 });
  fc.assert(
    fc.property(writes, reads, (someWrites, someReads) => {
      const history: Interval<RegisterAction>[] = [
        ...someWrites.map(([{ start, end }, isSure], i) => ({
          action: { kind: 'write', value: `v${i + 1}` } as const,
          start,
          end: isSure ? end : Infinity,
        })),
        ...someReads.map(([times, from]) => ({
          action: {
            kind: 'read',
            value: from === 0 ? '' : `v${((from - 1) % someWrites.length) + 1}`,
          } as const,
          ...times,
        })),
      ];
      const expected = isLinearizable(register, history);
      assert.notEqual(expected, 'too long');
      assert.equal(zonesSay(history), expected);
      seen[expected === 'yes' ? 'yes' : 'no']++;
    }),
    { numRuns },
  );
  assert.ok(seen.yes > numRuns / 20 && seen.no > numRuns / 20, `one-sided: ${JSON.stringify(seen)}`);
});

/** What one client did, and when in its interval it took place. */
interface Step {
  readonly kind: 'put' | 'delete' | 'get';
  readonly start: number;
  readonly before: number;
  readonly after: number;
  readonly isUnknown: boolean;
  /** How far the writer's clock is ahead, in steps of a tenth of a millisecond. */
  readonly skew: number;
}

const steps = (maxSkew: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom('put', 'get', 'get', 'put', 'delete'),
      start: fc.integer({ min: 0, max: 40 }),
      before: fc.integer({ min: 0, max: 5 }),
      after: fc.integer({ min: 0, max: 5 }),
      isUnknown: fc.nat({ max: 9 }).map(n => n === 0),
      skew: fc.integer({ min: 0, max: maxSkew }),
    }),
    { minLength: 1, maxLength: 12 },
  );

interface Written {
  readonly version: number;
  readonly kind: 'put' | 'delete';
}

/** An execution of a register in which the larger version wins: each step takes place at one moment between its start and end. */
function execute(all: readonly Step[], initial?: Written): Operation[] {
  const sorted = all
    .map((step, i) => ({ ...step, at: step.start + step.before + i / 1000, i }))
    .sort((a, b) => a.at - b.at);
  let newest = initial;
  return sorted.map(({ kind, start, at, after, isUnknown, skew, i }) => {
    const end = at + after;
    if (kind === 'get') {
      if (newest === undefined) return get(null, start, end);
      return newest.kind === 'put' ? get(newest.version, start, end) : tombstone(newest.version, start, end);
    }
    const version = Math.round(at * 10) * 1000 + skew * 1000 + i + 1;
    if (newest === undefined || version > newest.version) newest = { version, kind };
    // One that is unknown may end, for its client, before it takes place.
    if (isUnknown)
      return kind === 'put'
        ? lostPut(version, start, start)
        : del(version, start, start, { outcome: 'unknown' });
    return kind === 'put' ? put(version, start, end) : del(version, start, end);
  });
}

/** A read that found a tombstone and says which. */
function tombstone(version: number, start: number, end: number): Operation {
  return get(null, start, end, { version: `${version}@w` });
}

test('what a register did by one order, and by versions, is accepted by all checkers', () => {
  fc.assert(
    fc.property(steps(50), all => {
      const history = execute(all);
      assert.deepEqual(check(history).violations, []);
      // Nor when reads that found a tombstone do not say which.
      const blind = history.map(op =>
        op.kind === 'get' && op.value === undefined ? { ...op, version: null } : op,
      );
      assert.deepEqual(check(blind).violations, []);
    }),
    { numRuns },
  );
});

/** The history with one read that found something else. */
function mutated(history: readonly Operation[], which: number, what: number): Operation[] {
  const reads = history.filter(({ kind }) => kind === 'get');
  const writes = history.filter(({ kind }) => kind !== 'get');
  const read = reads[which % reads.length];
  const source = writes[what % (writes.length + 1)];
  // Which of several deletes a read that found nothing saw, nobody can tell: examples show what is made of that.
  const isBlurred = source === undefined && writes.some(({ kind }) => kind === 'delete');
  if (read === undefined || isBlurred) return [...history];
  const { startedAtMs: start, endedAtMs: end } = read;
  const other =
    source === undefined
      ? get(null, start, end)
      : source.kind === 'put'
        ? get(Number(source.value?.slice(1)), start, end)
        : tombstone(Number(source.version?.split('@')[0]), start, end);
  return history.map(op => (op === read ? other : op));
}

test('with one read mutated, zones and the search agree', () => {
  const seen = { yes: 0, no: 0 };
  fc.assert(
    fc.property(steps(0), fc.nat(), fc.nat(), (all, which, what) => {
      const ofKey = prepare('k', mutated(execute(all), which, what));
      const { seen: found } = checkFreshness(ofKey, quorums);
      const isBroken = checkOneOrder(ofKey, found, 3).violation !== undefined;
      const answer = isLinearizable(register, intervalsOf(ofKey, found, 3));
      // A read before its write is not for the zones; the values say so.
      const early = ofKey.reads.some(({ op, end }) => (ofKey.putOf.get(op.value ?? '')?.start ?? -1) > end);
      const earlyDelete = ofKey.reads.some(
        ({ op, rank, end }) =>
          op.value === undefined && (ofKey.deletes.find(d => d.rank === rank)?.start ?? -1) > end,
      );
      if (early || earlyDelete) return;
      assert.equal(isBroken ? 'no' : 'yes', answer);
      seen[isBroken ? 'no' : 'yes']++;
    }),
    { numRuns },
  );
  assert.ok(seen.yes > numRuns / 20 && seen.no > numRuns / 20, `one-sided: ${JSON.stringify(seen)}`);
});

/** Whether some read is older than what had ended before it began: every pair is looked at. */
function isStale(history: readonly Operation[]): boolean {
  const age = ({ version, value, kind }: Operation): number => {
    if (kind === 'put') return Number(value?.slice(1)) * 2;
    return version === null ? -1 : Number(version.split('@')[0]) * 2 + (value === undefined ? 1 : 0);
  };
  const answered = history.filter(({ outcome }) => outcome === 'ok');
  return answered.some(
    read =>
      read.kind === 'get' &&
      answered.some(other => other.endedAtMs < read.startedAtMs && age(other) > age(read)),
  );
}

test('with one read mutated, one pass over the versions finds what every pair shows', () => {
  const seen = { stale: 0, fresh: 0 };
  fc.assert(
    fc.property(steps(50), fc.nat(), fc.nat(), (all, which, what) => {
      // Begun with a value: a read that finds nothing saw a delete then, and says which.
      const done = [put(1, -2, -1), ...execute(all, { version: 1, kind: 'put' })];
      const history = mutated(done, which, what);
      const { violations } = checkFreshness(prepare('k', history), quorums);
      assert.equal(violations.length > 0, isStale(history));
      seen[violations.length > 0 ? 'stale' : 'fresh']++;
    }),
    { numRuns },
  );
  assert.ok(seen.stale > numRuns / 20 && seen.fresh > numRuns / 20, `one-sided: ${JSON.stringify(seen)}`);
});
