import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Appender } from '../../src/coordinator/appender.js';
import { Ring } from '../../src/model/ring.js';
import type { Bus, Clock, Message } from '../../src/ports.js';
import { serveAntiEntropy } from '../../src/replica/anti-entropy-service.js';
import { type Compared, Comparison } from '../../src/replica/comparison.js';
import { Memtable } from '../../src/replica/memtable.js';
import type { Replica } from '../../src/replica/replica.js';
import type { ReplicaState, WireRecord } from '../../src/wire/generated/types.js';

const ring = new Ring(['a', 'b'], { partitioner: 'byte-ordered', replicationFactor: 2 });
const SETTLED = 1000;
const base = { bucket: 'x', key: 'k', writer: 'w' };
const put = (time: number, more: Partial<WireRecord> = {}): WireRecord => ({
  ...base,
  value: 'v',
  time,
  ...more,
});
const dead = (time: number): WireRecord => ({ ...base, deleted: true, time });

interface Side {
  holds: WireRecord[];
  floor?: number;
  state?: ReplicaState;
}

/** `a` compares with `b`, which answers as a replica does; what they append is merged at once. */
async function compare(sides: { a: Side; b: Side }) {
  const memory = { a: new Memtable(() => ring), b: new Memtable(() => ring) };
  let sequence = 0;
  for (const node of ['a', 'b'] as const) {
    for (const record of sides[node].holds) memory[node].merge(record, ++sequence);
    memory[node].raiseFloor('x', 0, sides[node].floor ?? 0);
  }
  const replicaOf = (node: 'a' | 'b') =>
    ({
      memtable: memory[node],
      state: sides[node].state ?? 'serving',
      progress: undefined,
      barrier: async () => {},
    }) as unknown as Replica;
  const bus = directBus();
  serveAntiEntropy({
    node: 'b',
    incarnation: 1,
    bus,
    replica: replicaOf('b'),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    clock: { monotonic: () => 0 } as Clock,
    ringOf: () => ring,
    settled: () => SETTLED,
    onDropped: reason => assert.fail(reason),
  });
  const appender = {
    appendAll: async (node: string, records: readonly WireRecord[]) => {
      for (const record of records) memory[node as 'a' | 'b'].merge(record, ++sequence);
    },
  } as unknown as Appender;
  const comparison = new Comparison(
    {
      node: 'a',
      bus,
      replica: replicaOf('a'),
      appender,
      round: 'r',
      isDryRun: false,
      count: () => {},
      throttle: async () => {},
    },
    { bucket: 'x', group: 0, owners: ['a', 'b'], peer: 'b' },
  );
  const compared = (await comparison.run()) as Compared;
  const held = (node: 'a' | 'b') => memory[node].get('x', 'k');
  const floor = (node: 'a' | 'b') => memory[node].floor('x', 0);
  return { agreedUpTo: compared.agreedUpTo, a: held('a'), b: held('b'), floors: [floor('a'), floor('b')] };
}

/** Delivers a request at once, and its answer. */
function directBus(): Bus {
  const handlers = new Map<string, (message: Message) => void>();
  let inboxes = 0;
  const publish = (subject: string, data: Uint8Array) => handlers.get(subject)?.({ subject, data });
  return {
    maxPayload: 1_000_000,
    publish,
    probe: () => {},
    settled: async () => {},
    subscribe: (subject, handler) => {
      handlers.set(subject, handler);
      return { unsubscribe: () => handlers.delete(subject) };
    },
    request: (subject, data) =>
      new Promise(resolve => {
        const reply = `_INBOX.${++inboxes}`;
        handlers.set(reply, resolve);
        handlers.get(subject)?.({ subject, data, reply });
      }),
  };
}

test('what one side holds up to the floor of the other, which holds nothing of it, is deleted', async () => {
  const here = await compare({ a: { holds: [], floor: 50 }, b: { holds: [put(40)] } });
  assert.deepEqual([here.a, here.b], [undefined, dead(40)]);
  const there = await compare({ a: { holds: [put(40)] }, b: { holds: [], floor: 50 } });
  assert.deepEqual([there.a, there.b], [dead(40), undefined]);
  // Nothing is agreed on in such a round: the next has to find it gone.
  assert.deepEqual([here.agreedUpTo, there.agreedUpTo], [39, 39]);
  assert.deepEqual([here.floors, there.floors].flat(), [50, 0, 0, 50]);
});

test('a replica that does not serve knows of nothing that it was deleted', async () => {
  for (const [a, b] of [
    [{ holds: [], floor: 50, state: 'recovering' as const }, { holds: [put(40)] }],
    [{ holds: [put(40)] }, { holds: [], floor: 50, state: 'recovering' as const }],
  ] satisfies [Side, Side][]) {
    const found = await compare({ a, b });
    assert.deepEqual([found.a, found.b], [put(40), put(40)]);
  }
});

test('what is newer than the floor of the other is sent to it', async () => {
  const found = await compare({ a: { holds: [put(51)], floor: 50 }, b: { holds: [], floor: 50 } });
  assert.deepEqual([found.b, found.agreedUpTo], [put(51), 50]);
});

test('a delete that one side has purged and the other has not is no difference, and neither gets it again', async () => {
  for (const sides of [
    { a: { holds: [dead(40)] }, b: { holds: [], floor: 50 } },
    { a: { holds: [], floor: 50 }, b: { holds: [dead(40)] } },
  ] satisfies { a: Side; b: Side }[]) {
    const found = await compare(sides);
    assert.deepEqual([found.a, found.b], [sides.a.holds[0], sides.b.holds[0]]);
    assert.deepEqual([found.agreedUpTo, found.floors], [SETTLED, [50, 50]]);
  }
});

test('two sides agree up to what is settled, or to just before the oldest thing that differed', async () => {
  const table: [string, WireRecord[], WireRecord[], number][] = [
    ['equal', [put(40)], [put(40)], SETTLED],
    ['one lacks it', [put(40)], [], 39],
    ['the other lacks it', [], [put(40)], 39],
    ['one has it older', [put(40)], [put(90)], 89],
    ['it has been deleted meanwhile', [dead(90)], [put(40)], 89],
    ['on its way still', [put(SETTLED + 1)], [], SETTLED],
    ['touched', [put(40, { expiresAt: 80 })], [put(40, { expiresAt: 99 })], 79],
    ['expired, and deleted for that', [put(40, { expiresAt: 80 })], [dead(40)], 39],
  ];
  for (const [what, a, b, agreed] of table) {
    const found = await compare({ a: { holds: a }, b: { holds: b } });
    assert.equal(found.agreedUpTo, agreed, what);
    assert.deepEqual(found.a, found.b, what);
  }
});

test('the higher floor becomes that of both when nothing up to it differed', async () => {
  const table: [string, Side, Side, [number, number]][] = [
    ['equal', { holds: [], floor: 50 }, { holds: [] }, [50, 50]],
    ['equal, the other way', { holds: [] }, { holds: [], floor: 50 }, [50, 50]],
    ['they differ in what is newer', { holds: [put(60)], floor: 50 }, { holds: [] }, [50, 50]],
    ['the other way', { holds: [put(60)] }, { holds: [], floor: 50 }, [50, 50]],
    ['they differ in what is older', { holds: [put(40)], floor: 50 }, { holds: [] }, [50, 0]],
    ['the other way', { holds: [] }, { holds: [put(40)], floor: 50 }, [0, 50]],
    ['the peer is recovering', { holds: [put(60)], floor: 50 }, { holds: [], state: 'recovering' }, [50, 0]],
  ];
  for (const [what, a, b, floors] of table) assert.deepEqual((await compare({ a, b })).floors, floors, what);
});
