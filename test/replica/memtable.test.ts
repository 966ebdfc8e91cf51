import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareRecords } from '../../src/model/record.js';
import { Ring } from '../../src/model/ring.js';
import { Memtable } from '../../src/replica/memtable.js';
import { recordArbitrary } from '../support/records.js';

const records = fc.array(recordArbitrary, { minLength: 1, maxLength: 12 });

function contents(table: Memtable): unknown {
  return table.page('default', undefined, 100, Number.POSITIVE_INFINITY).records;
}

test('holds the largest record of each key, in whatever order and however often they come', () => {
  fc.assert(
    fc.property(records, fc.infiniteStream(fc.nat()), (list, order) => {
      const inOrder = new Memtable(() => undefined);
      for (const [i, record] of list.entries()) inOrder.merge(record, i + 1);
      const shuffled = new Memtable(() => undefined);
      const again = [...list, ...list]
        .map((record, i) => ({ record, rank: order.next().value ?? i }))
        .sort((a, b) => a.rank - b.rank);
      for (const [i, { record }] of again.entries()) shuffled.merge(record, i + 1);
      assert.deepEqual(contents(shuffled), contents(inOrder));
      for (const record of list) {
        const held = inOrder.get(record.bucket, record.key);
        assert.ok(held !== undefined && compareRecords(held, record) >= 0);
      }
    }),
  );
});

test('counts keys, tombstones and live bytes as if it had been filled with the final records only', () => {
  fc.assert(
    fc.property(records, list => {
      const table = new Memtable(() => undefined);
      for (const [i, record] of list.entries()) table.merge(record, i + 1);
      const fresh = new Memtable(() => undefined);
      for (const record of table.page('default', undefined, 100, Number.POSITIVE_INFINITY).records)
        fresh.merge(record, 1);
      assert.deepEqual(
        [table.keys, table.tombstones, table.liveBytes],
        [fresh.keys, fresh.tombstones, fresh.liveBytes],
      );
    }),
  );
});

test('knows in which entry the current record stands: the newest that holds it', () => {
  const table = new Memtable(() => undefined);
  const record = { bucket: 'default', key: 'k', value: 'v', time: 1, writer: 'w' };
  table.merge(record, 5);
  assert.ok(table.standsIn(record, 5));
  table.merge(record, 9);
  assert.ok(!table.standsIn(record, 5));
  assert.ok(table.standsIn(record, 9));
  table.merge({ ...record, time: 2 }, 10);
  assert.ok(!table.standsIn(record, 9));
});

test('pages through the keys in order, across inserts', () => {
  const table = new Memtable(() => undefined);
  for (const key of ['b', 'd', 'a', '__proto__', 'c'])
    table.merge({ bucket: 'default', key, value: key, time: 1, writer: 'w' }, 1);
  const first = table.page('default', undefined, 2, 1e6);
  assert.deepEqual([first.records.map(r => r.key), first.more], [['__proto__', 'a'], true]);
  table.merge({ bucket: 'default', key: 'aa', value: '', time: 1, writer: 'w' }, 2);
  const second = table.page('default', 'a', 10, 1e6);
  assert.deepEqual([second.records.map(r => r.key), second.more], [['aa', 'b', 'c', 'd'], false]);
});

test('a page ends early rather than outgrow a message', () => {
  const table = new Memtable(() => undefined);
  for (const key of ['a', 'b', 'c'])
    table.merge({ bucket: 'default', key, value: 'x'.repeat(1000), time: 1, writer: 'w' }, 1);
  const page = table.page('default', undefined, 10, 1500);
  assert.deepEqual([page.records.length, page.more], [2, true]);
});

test('a bucket that is dropped leaves nothing behind, and takes nothing up any more', () => {
  const over = new Set<string>();
  const table = new Memtable(
    () => undefined,
    bucket => over.has(bucket),
  );
  const record = { bucket: 'b', key: 'k', value: 'v', time: 1, writer: 'w' };
  table.merge(record, 1);
  table.merge({ bucket: 'b', key: 'gone', deleted: true, time: 1, writer: 'w' }, 2);
  over.add('b');
  table.reshape('b');
  table.merge({ ...record, time: 2 }, 3);
  assert.deepEqual([table.keys, table.tombstones, table.liveBytes], [0, 0, 0]);
  assert.equal(table.get('b', 'k'), undefined);
  table.merge({ ...record, bucket: 'b~1' }, 4);
  assert.equal(table.get('b~1', 'k')?.value, 'v');
});

test('records that came before their bucket was known are in its trees once it is', () => {
  const ring = new Ring(['n0', 'n1', 'n2', 'n3'], { partitioner: 'byte-ordered', replicationFactor: 2 });
  let known: Ring | undefined;
  const late = new Memtable(() => known);
  const early = new Memtable(() => ring);
  for (const key of ['0', '100', '200', 'k'])
    for (const table of [late, early]) table.merge({ bucket: 'b', key, value: 'v', time: 1, writer: 'w' }, 1);
  known = ring;
  late.reshape('b');
  for (const group of ring.groups.keys())
    assert.equal(late.tree('b', group).root(), early.tree('b', group).root());
});

const dead = { bucket: 'b', key: 'k', deleted: true as const, time: 5, writer: 'w' };
const oneRing = new Ring(['n0', 'n1'], { partitioner: 'byte-ordered', replicationFactor: 2 });

test('what is dead up to the floor is in no tree, in whatever order record and floor come', () => {
  const alive = { bucket: 'b', key: 'a', value: 'v', time: 1, writer: 'w' };
  const expired = { bucket: 'b', key: 'e', value: 'v', time: 1, writer: 'w', expiresAt: 4 };
  const expected = new Memtable(() => oneRing);
  expected.merge(alive, 1);
  for (const isFloorFirst of [true, false]) {
    const table = new Memtable(() => oneRing);
    table.merge(alive, 1);
    assert.ok(!table.hasMortals('b'));
    if (isFloorFirst) table.raiseFloor('b', 0, 5);
    table.merge(dead, 2);
    table.merge(expired, 3);
    if (!isFloorFirst) {
      assert.notEqual(table.tree('b', 0).root(), expected.tree('b', 0).root());
      assert.equal(table.treeAt('b', 0, 5).root(), expected.tree('b', 0).root());
      table.raiseFloor('b', 0, 5);
    }
    assert.ok(table.hasMortals('b'));
    assert.equal(table.tree('b', 0).root(), expected.tree('b', 0).root());
    assert.equal(table.liveBytes, expected.liveBytes);
    assert.deepEqual(table.floors(), { 'b/n0+n1': 5 });
    table.merge({ ...dead, time: 6 }, 4);
    assert.notEqual(table.tree('b', 0).root(), expected.tree('b', 0).root());
  }
});

test('a dead record may leave only when no entry behind it holds what it deleted', () => {
  const table = new Memtable(() => oneRing);
  table.merge(dead, 5);
  assert.ok(!table.mayLeave(dead, 9), 'before the owners have agreed');
  table.raiseFloor('b', 0, 5);
  assert.ok(table.mayLeave(dead, 5) && !table.mayLeave(dead, 4));
  table.merge({ bucket: 'b', key: 'k', value: 'old', time: 1, writer: 'w' }, 8);
  assert.ok(!table.mayLeave(dead, 7) && table.mayLeave(dead, 8));
  table.leave('b', 'k');
  assert.deepEqual([table.get('b', 'k'), table.tombstones, table.liveBytes], [undefined, 0, 0]);
});

test('what is dead up to the floor is nothing to a reader, as it will be when it has left', () => {
  const table = new Memtable(() => oneRing);
  table.merge(dead, 5);
  assert.deepEqual(table.read('b', 'k'), dead);
  table.raiseFloor('b', 0, 5);
  assert.deepEqual([table.read('b', 'k'), table.get('b', 'k')], [undefined, dead]);
});
