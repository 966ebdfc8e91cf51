import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Version } from '../../src/model/record.js';
import { meets, SessionMemory, TOKEN_KEYS_MAX } from '../../src/model/session.js';
import { parseOperation } from '../../src/wire/requests.js';

const owners = 3;
const at = (time: number, writer = 'n0~w'): Version => ({ time, writer });

function demandOn(token: string, key: string) {
  return SessionMemory.parse(token).demand('b', key, owners);
}

test('a read must show what the session saw of the key, or something newer, and nothing of other keys', () => {
  const memory = new SessionMemory();
  memory.read('b', 'k', at(20), 1);
  const demand = demandOn(memory.token(), 'k');
  assert.ok(demand !== undefined);
  const cases: [Version | null, boolean][] = [
    [null, false],
    [at(19), false],
    [at(20, 'n0~v'), false],
    [at(20), true],
    [at(20, 'n0~x'), true],
    [{ ...at(20), deleted: true }, true],
    [at(21), true],
  ];
  for (const [version, isEnough] of cases) assert.equal(meets(demand, version, owners), isEnough);
  assert.equal(demandOn(memory.token(), 'other'), undefined);
  assert.equal(SessionMemory.parse(memory.token()).demand('another-bucket', 'k', owners), undefined);
});

test('a deletion that was seen is not undone by the value it deleted', () => {
  const memory = new SessionMemory();
  memory.wrote('b', 'k', { ...at(20), deleted: true }, 2);
  const demand = demandOn(memory.token(), 'k');
  assert.ok(demand !== undefined && !meets(demand, at(20, 'zz'), owners));
});

test('an older version that comes late does not lower what is known of a key', () => {
  const memory = new SessionMemory();
  memory.read('b', 'k', at(20), 1);
  memory.wrote('b', 'k', at(10), 3);
  assert.deepEqual(memory.demand('b', 'k', owners)?.version, at(20));
});

function overflowing(holders: readonly number[]): SessionMemory {
  const memory = new SessionMemory();
  for (const [i, count] of holders.entries()) memory.wrote('b', `old${i}`, at(100 + i), count);
  for (let i = 0; i < TOKEN_KEYS_MAX; i++) memory.wrote('b', `new${i}`, at(1000 + i), 1);
  return memory;
}

test('a key that was forgotten is met by its newest possible version, or by owners enough to include one that holds it', () => {
  for (const [holders, answers] of [
    [[1], 3],
    [[2], 2],
    [[3], 1],
    [[3, 2, 3], 2],
    [[0], 4],
  ] as const) {
    const demand = demandOn(overflowing(holders).token(), 'old0');
    assert.ok(demand !== undefined);
    assert.equal(demand.answers, answers, `${holders.join()}`);
    assert.ok(meets(demand, at(5), answers) && !meets(demand, at(5), answers - 1));
    assert.ok(meets(demand, at(100 + holders.length - 1), 1), 'newer than all that was forgotten');
  }
});

test('a write that may be older than a forgotten one of its key does not speak for the key', () => {
  const memory = overflowing([2]);
  memory.wrote('b', 'old0', at(50), 3);
  assert.equal(memory.demand('b', 'old0', owners)?.answers, 2);
  memory.wrote('b', 'old0', at(5000), 3);
  assert.deepEqual(memory.demand('b', 'old0', owners)?.version, at(5000));
});

test('the token for one key says of it what the whole token says', () => {
  const memory = overflowing([2, 1]);
  for (const key of ['old0', 'new5', 'never seen'])
    assert.deepEqual(demandOn(memory.about('b', key), key), demandOn(memory.token(), key), key);
  assert.ok(memory.about('b', 'new5').length < 150);
});

interface Step {
  readonly kind: 'read' | 'wrote';
  readonly key: string;
  /** Of a read: how much newer than the newest seen. Of a write: its time. */
  readonly time: number;
  readonly holders: number;
}

test('however much is forgotten, no key is met by less than the session saw of it', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('read' as const, 'wrote' as const),
    key: fc.integer({ min: 0, max: 6 }).map(String),
    time: fc.integer({ min: 1, max: 9 }),
    holders: fc.integer({ min: 0, max: 3 }),
  });
  const apply = (
    memory: SessionMemory,
    newest: Map<string, { time: number; holders: number }>,
    step: Step,
  ) => {
    const known = newest.get(step.key);
    // A read finds what is demanded or something newer; a client of its own clock may write something older.
    const time = step.kind === 'read' ? (known?.time ?? 0) + step.time - 1 : step.time;
    if (time === 0) return;
    const holders = known?.time === time ? known.holders : step.holders;
    if (known === undefined || time > known.time) newest.set(step.key, { time, holders });
    memory[step.kind]('b', step.key, at(time), holders);
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      let memory = new SessionMemory(3);
      const newest = new Map<string, { time: number; holders: number }>();
      for (const each of steps) {
        apply(memory, newest, each);
        assert.equal(SessionMemory.parse(memory.token(), 3).token(), memory.token());
        memory = SessionMemory.parse(memory.token(), 3);
        for (const [key, { time, holders }] of newest) {
          const demand = memory.demand('b', key, owners);
          assert.ok(demand !== undefined && demand.version.time >= time);
          // Answers of so many owners include one of a holder.
          assert.ok(demand.answers > owners - holders);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('what a reply says of its key is learned, and what was forgotten of that key meanwhile is not', () => {
  const reply = new SessionMemory();
  reply.read('b', 'k', at(50), 2);
  const fresh = new SessionMemory();
  fresh.learn('b', 'k', reply.token());
  assert.deepEqual(fresh.demand('b', 'k', owners)?.version, at(50));
  const full = overflowing([1]);
  full.learn('b', 'old0', reply.token());
  full.learn('b', 'k', reply.token());
  assert.deepEqual(full.demand('b', 'old0', owners), { version: at(100), answers: 3 });
});

test('a full token of the longest names is a request the store takes; anything else is refused by its name', () => {
  const memory = new SessionMemory();
  for (let i = 0; i < 3 * TOKEN_KEYS_MAX; i++)
    memory.wrote('b', `${i}`, { ...at(Number.MAX_SAFE_INTEGER - i, 'w'.repeat(64)), deleted: true }, 500);
  const body = (session: unknown) => Buffer.from(JSON.stringify({ key: 'k', session }));
  const parsed = parseOperation('get', body(memory.token()));
  assert.equal(parsed.session, memory.token());
  const [entry = ''] = memory.token().split(',');
  for (const bad of [
    'x',
    7,
    null,
    `${entry},`,
    ` ${entry}`,
    `${memory.token()},${entry},${entry}`,
    entry.toUpperCase(),
  ])
    assert.throws(() => parseOperation('get', body(bad)), { field: 'session' }, String(bad));
});
