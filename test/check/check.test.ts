// What is a violation and what is none, as docs/GUARANTEES.md has it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CheckOptions, check } from '../../src/check/check.js';
import { HistoryError, type Holding, type Operation } from '../../src/check/history.js';
import type { Rule } from '../../src/check/rules.js';
import { del, get, lostPut, put } from './histories.js';

const held = (owner: string, version: number | null): Holding => ({
  kind: 'held',
  owner,
  key: 'k',
  version: version === null ? null : `${version}@w`,
  ...(version === null ? {} : { value: `v${version}` }),
});
const ONE = { level: 'ONE' } as const;
const ALL = { level: 'ALL' } as const;
const ANY = { level: 'ANY' } as const;
const session = { client: 'c', session: 's', level: 'ONE' } as const;

const kept: readonly (readonly [what: string, history: readonly Operation[], options?: CheckOptions])[] = [
  ['nothing at all', []],
  ['a read before any write', [get(null, 0, 1)]],
  ['a read of what was written', [put(1, 0, 1), get(1, 2, 3)]],
  ['a read of a write under way', [put(1, 0, 9), get(1, 2, 3), get(1, 4, 5)]],
  ['reads at the same time that differ', [put(1, 0, 1), put(2, 2, 9), get(2, 3, 8), get(1, 3, 8)]],
  ['a read that ended in the very moment a write did', [put(1, 0, 1), put(2, 2, 5), get(1, 5, 6)]],
  ['a write of unknown outcome that is never seen', [put(1, 0, 1), lostPut(2, 2, 3), get(1, 4, 5)]],
  [
    'a write of unknown outcome that surfaces long after its end',
    [put(1, 0, 1), lostPut(2, 2, 3), get(1, 4, 5), get(2, 90, 91), get(2, 92, 93)],
  ],
  ['a refused write that is never seen', [put(1, 0, 1), put(2, 2, 3, { outcome: 'refused' }), get(1, 4, 5)]],
  ['a delete, and nothing found', [put(1, 0, 1), del(2, 2, 3), get(null, 4, 5)]],
  ['a delete of unknown outcome', [put(1, 0, 1), del(2, 2, 3, { outcome: 'unknown' }), get(null, 4, 5)]],
  [
    'a delete of unknown outcome and version',
    [put(1, 0, 1), del(2, 2, 3, { outcome: 'unknown', version: null }), get(null, 4, 5)],
  ],
  ['a value written again after a delete', [put(1, 0, 1), del(2, 2, 3), put(3, 4, 5), get(3, 6, 7)]],
  ['an acknowledged write that is older than the one before it', [put(5, 0, 1), put(3, 2, 3), get(5, 4, 5)]],
  ['reads at ONE that go backwards', [put(1, 0, 1), put(2, 2, 3), get(2, 4, 5, ONE), get(1, 6, 7, ONE)]],
  ['what ONE found and QUORUM has not', [put(1, 0, 1), lostPut(2, 2, 3), get(2, 4, 5, ONE), get(1, 6, 7)]],
  ['a write at ANY that no read finds', [put(1, 0, 1), put(2, 2, 3, ANY), get(1, 4, 5)]],
  ['a write at ONE that a read at QUORUM misses', [put(1, 0, 1), put(2, 2, 3, ONE), get(1, 4, 5)]],
  [
    'a write at ONE that was lost with the disk that had it',
    [put(1, 0, 1, ONE), get(null, 4, 5, ALL)],
    { disksLost: true },
  ],
  ['what another session wrote', [put(1, 0, 1, { ...session, session: 'other' }), get(null, 2, 3, session)]],
  [
    'owners that hold the newest',
    [put(1, 0, 1), put(2, 2, 3)],
    { holdings: [held('n0', 2), held('n1', 2), held('n2', 2)] },
  ],
  [
    'owners of which one has purged the delete',
    [put(1, 0, 1), del(2, 2, 3)],
    {
      holdings: [held('n0', null), { kind: 'held', owner: 'n1', key: 'k', version: '2@w' }],
    },
  ],
  [
    'reads at LOCAL_QUORUM in two zones that go backwards',
    [
      put(1, 0, 1, { level: 'LOCAL_QUORUM', zone: 'a' }),
      get(1, 2, 3, { level: 'LOCAL_QUORUM', zone: 'a' }),
      get(null, 4, 5, { level: 'LOCAL_QUORUM', zone: 'b' }),
    ],
  ],
];

for (const [what, history, options] of kept)
  test(`no promise forbids ${what}`, () => {
    const { isKept, violations } = check(history, options);
    assert.deepEqual(violations, []);
    assert.equal(isKept, true);
  });

type Bad = readonly [what: string, rule: Rule, history: readonly Operation[], options?: CheckOptions];
const broken: readonly Bad[] = [
  ['a value that an owner holds and nobody wrote', 'phantom', [del(1, 0, 1)], { holdings: [held('n0', 7)] }],
  ['a value that nobody wrote', 'phantom', [put(1, 0, 1), get(7, 2, 3)]],
  ['a value of a write that was refused', 'phantom', [put(7, 0, 1, { outcome: 'refused' }), get(7, 2, 3)]],
  ['a value before its write began', 'phantom', [get(7, 2, 3), put(7, 4, 5)]],
  ['one version with two values', 'two-values', [put(1, 0, 1), put(1, 2, 3, { value: 'other' })]],
  ['a read that misses an acknowledged write', 'stale', [put(1, 0, 1), get(null, 2, 3)]],
  ['a read of the write before the last', 'stale', [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)]],
  ['a write at ALL that ONE misses', 'stale', [put(1, 0, 1, ALL), get(null, 2, 3, ONE)]],
  ['a write at ONE that ALL misses', 'stale', [put(1, 0, 1, ONE), get(null, 2, 3, ALL)]],
  ['a value that was deleted', 'resurrected', [put(1, 0, 1), del(2, 2, 3), get(1, 4, 5)]],
  [
    'a value whose unknown delete was seen',
    'resurrected',
    [put(1, 0, 1), del(2, 2, 3, { outcome: 'unknown' }), get(null, 4, 5), get(1, 6, 7)],
  ],
  [
    'a value after a delete nobody learnt the version of',
    'resurrected',
    [put(1, 0, 1), del(2, 2, 3, { outcome: 'unknown', version: null }), get(null, 4, 5), get(1, 6, 7)],
  ],
  [
    'a failed write that surfaces and is gone again',
    'backwards',
    [put(1, 0, 1), lostPut(2, 2, 3), get(2, 4, 5), get(1, 6, 7)],
  ],
  [
    'reads that go backwards while the write is under way',
    'backwards',
    [put(1, 0, 1), put(2, 2, 20), get(2, 4, 5), get(1, 6, 7)],
  ],
  [
    'reads at LOCAL_QUORUM in one zone that go backwards',
    'stale',
    [
      put(1, 0, 1, { level: 'EACH_QUORUM', zone: 'a' }),
      get(null, 4, 5, { level: 'LOCAL_QUORUM', zone: 'b' }),
    ],
  ],
  ['a session that misses its own write', 'session-write', [put(1, 0, 1, session), get(null, 2, 3, session)]],
  [
    'a session that goes backwards',
    'session-read',
    [put(1, 0, 1), put(2, 2, 3), get(2, 4, 5, session), get(1, 6, 7, session)],
  ],
  [
    'an acknowledged write that no owner holds',
    'lost',
    [put(1, 0, 1), put(2, 2, 3)],
    { holdings: [held('n0', 1), held('n1', 1)] },
  ],
  ['a write that is gone', 'lost', [put(1, 0, 1)], { holdings: [held('n0', null), held('n1', null)] }],
  [
    'a deleted value that owners hold',
    'resurrected',
    [put(1, 0, 1), del(2, 2, 3)],
    { holdings: [held('n0', 1), held('n1', 1)] },
  ],
  [
    'owners that differ',
    'diverged',
    [put(1, 0, 1), put(2, 2, 3)],
    { holdings: [held('n0', 1), held('n1', 2)] },
  ],
];

for (const [what, rule, history, options] of broken)
  test(`${what} is a violation: ${rule}`, () => {
    const { isKept, counts, violations } = check(history, options);
    assert.equal(isKept, false);
    assert.deepEqual(
      Object.entries(counts).filter(([, count]) => count > 0),
      [[rule, 1]],
    );
    const [violation] = violations;
    assert.equal(violation?.rule, rule);
    assert.ok(violation.operations.every(op => history.includes(op)));
  });

test('the described sub-history breaks the same rule alone, and no longer without any one operation', () => {
  for (const [what, rule, history, options] of broken) {
    const [violation] = check(history, options).violations;
    assert.ok(violation !== undefined);
    const again = (operations: readonly Operation[]) =>
      check(operations, { ...options, holdings: violation.holdings }).counts;
    assert.equal(again(violation.operations)[rule], 1, what);
    for (const left of violation.operations) {
      const counts = again(violation.operations.filter(op => op !== left));
      // Without its write, a value that was read comes from nowhere.
      assert.ok(counts[rule] === 0 || counts.phantom > 0, `${what}: without ${left.kind} too`);
    }
  }
});

const unsound: readonly (readonly [what: string, history: readonly Operation[], says: RegExp])[] = [
  ['an end before the start', [put(1, 5, 4)], /ends before it starts/],
  ['two operations of a session at once', [put(1, 0, 9, session), get(1, 5, 6, session)], /under way/],
  ['two puts of a value', [put(1, 0, 1), put(2, 2, 3, { value: 'v1' })], /two puts have the value "v1"/],
  ['a put without a value', [{ ...put(1, 0, 1), value: undefined } as unknown as Operation], /no value/],
  ['a version that is none', [put(1, 0, 1, { version: 'x' })], /"x" is no version/],
  ['a time that is no number', [put(1, Number.NaN, 1)], /ends before it starts/],
];

for (const [what, history, says] of unsound)
  test(`a history with ${what} is not judged`, () => {
    assert.throws(
      () => check(history),
      error => error instanceof HistoryError && says.test(error.message),
    );
  });

test('counts say what was judged', () => {
  const verdict = check([
    put(5, 0, 1),
    put(3, 2, 3),
    lostPut(6, 4, 5),
    get(5, 4, 5, { outcome: 'unknown' }),
    get(5, 6, 7, ONE),
    get(5, 8, 9),
    put(9, 8, 9, { key: 'other', outcome: 'refused' }),
  ]);
  assert.deepEqual(verdict.operations, { ok: 4, refused: 1, unknown: 2 });
  assert.deepEqual([verdict.acked, verdict.keys, verdict.overtaken, verdict.ordered], [2, 2, 1, 2]);
});

test('what a read after everything else misses is lost', () => {
  const history = [put(1, 0, 1), get(null, 2, 3, { client: 'final' })];
  const { counts } = check(history, { finalClient: 'final' });
  assert.deepEqual([counts.lost, counts.stale], [1, 0]);
});

test('of many violations all are counted and some described', () => {
  const reads = Array.from({ length: 50 }, (_, i) => get(null, 10 + i, 10.5 + i));
  const { counts, violations } = check([put(1, 0, 1), ...reads], { describedMax: 3 });
  assert.deepEqual([counts.stale, violations.length], [50, 3]);
});
