import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pump, type Settled } from '../../../src/cli/transfer/importer.js';
import { completeNodes } from '../../../src/cli/transfer/run-export.js';
import { InvalidRequestError, OverloadedError } from '../../../src/errors.js';
import { FakeStore } from './fake-store.js';

async function pump(store: FakeStore, keys: readonly string[], concurrency: number) {
  const settled = new Map<number, Settled>();
  const onSettled = async (index: number, _: unknown, what: Settled) => void settled.set(index, what);
  const about = { level: 'QUORUM', bucket: 'default', nowMs: () => 0 } as const;
  const pump = new Pump(store, { ...about, concurrency, onSettled });
  for (const [i, key] of keys.entries()) await pump.add(i, { line: i + 1, key, value: `v${i}` });
  await pump.drain();
  return settled;
}

test('every entry is settled once, with no more in flight than asked for', async () => {
  const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`);
  for (const concurrency of [1, 3, 64, 1024]) {
    const store = new FakeStore();
    const settled = await pump(store, keys, concurrency);
    assert.equal(settled.size, keys.length);
    assert.ok(store.most <= concurrency, `${store.most} in flight of ${concurrency}`);
    assert.ok(
      store.most >= Math.min(concurrency, keys.length) / 2,
      `${store.most} in flight of ${concurrency}`,
    );
  }
});

test('two entries of one key are never in flight together, and the later one wins', async () => {
  const keys = Array.from({ length: 300 }, (_, i) => `k${i % 7}`);
  const store = new FakeStore();
  await pump(store, keys, 64);
  assert.equal(store.together.size, 0);
  for (let k = 0; k < 7; k++) assert.equal(store.values.get(`k${k}`), `v${keys.lastIndexOf(`k${k}`)}`);
});

test('one entry that is refused leaves the others alone', async () => {
  const store = new FakeStore(key => (key === 'bad' ? new InvalidRequestError('key', 'no') : undefined));
  const settled = await pump(store, ['a', 'bad', 'b'], 8);
  assert.deepEqual(
    [...settled.values()].map(what => (typeof what === 'string' ? what : what.code)),
    ['stored', 'INVALID_REQUEST', 'stored'],
  );
});

test('an overloaded entry was not sent, and is tried again', async () => {
  let left = 2;
  const store = new FakeStore(key =>
    key === 'busy' && left-- > 0 ? new OverloadedError('full') : undefined,
  );
  const settled = await pump(store, ['a', 'busy'], 8);
  assert.deepEqual([...settled.values()], ['stored', 'stored']);
  assert.equal(store.values.get('busy'), 'v1');
});

test('a client that breaks ends the import with its error', async () => {
  const broken = new FakeStore();
  broken.batch = async () => {
    throw new Error('broken');
  };
  await assert.rejects(pump(broken, ['a', 'b', 'c'], 1), /broken/);
});

test('an export needs a quorum of owners of every key', () => {
  const view = (up: string[], partitioner: 'byte-ordered' | 'murmur3', nodes = ['n0', 'n1', 'n2', 'n3']) => ({
    node: up[0] ?? '',
    cluster: { name: 'c', nodes, replicationFactor: 3, partitioner },
    time: 1,
    now: 1,
    peers: up.map(node => ({
      node,
      incarnation: 1,
      state: 'serving' as const,
      time: 1,
      now: 1,
      remembers: {},
    })),
  });
  for (const partitioner of ['byte-ordered', 'murmur3'] as const) {
    assert.deepEqual(completeNodes(view(['n0', 'n1', 'n3'], partitioner), 'default'), ['n0', 'n1', 'n3']);
    assert.throws(
      () => completeNodes(view(['n0', 'n1'], partitioner), 'default'),
      /1 of 3 owners readable and need 2 .*dynats restart n2/,
    );
  }
  const six = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
  // No key has both n0 and n3 among its owners.
  assert.equal(completeNodes(view(['n1', 'n2', 'n4', 'n5'], 'byte-ordered', six), 'default').length, 4);
});

test('entries that fill no batch are stored after a second of silence, and not before', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const store = new FakeStore();
  const pump = new Pump(store, {
    level: 'QUORUM',
    bucket: 'default',
    nowMs: () => 0,
    concurrency: 1024,
    onSettled: async () => {},
  });
  await pump.add(0, { line: 1, key: 'a', value: '1' });
  t.mock.timers.tick(900);
  await pump.add(1, { line: 2, key: 'b', value: '2' });
  t.mock.timers.tick(900);
  assert.equal(store.most, 0, 'the second entry broke the silence');
  t.mock.timers.tick(100);
  assert.equal(store.most, 2);
  await pump.drain();
  assert.deepEqual([...store.values.keys()], ['a', 'b']);
});
