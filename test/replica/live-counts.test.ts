import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Memtable } from '../../src/replica/memtable.js';
import { recordArbitrary } from '../support/records.js';

/** Pieces of the counts are longer than this. */
const sequence = fc.integer({ min: 1, max: 20_000 });
const placed = fc.array(fc.record({ record: recordArbitrary, sequence }), { maxLength: 40 });

test('an entry counts the records that stand in it, in whatever order entries come', () => {
  fc.assert(
    fc.property(placed, list => {
      const table = new Memtable(() => undefined);
      for (const { record, sequence: at } of list) table.merge(record, at);
      for (const { sequence: at } of list) {
        const standing = new Set(
          list
            .filter(({ record, sequence: own }) => own === at && table.standsIn(record, at))
            .map(({ record }) => `${record.bucket} ${record.key}`),
        );
        assert.equal(table.liveIn(at), standing.size);
      }
    }),
  );
});

test('a record that leaves memory, or whose place is forgotten, is counted nowhere', () => {
  const table = new Memtable(() => undefined);
  const record = { bucket: 'b', key: 'k', value: 'v', time: 1, writer: 'w' };
  table.merge(record, 5);
  table.merge({ ...record, key: 'l' }, 5);
  assert.equal(table.liveIn(5), 2);
  table.leave('b', 'k');
  assert.equal(table.liveIn(5), 1);
  table.forgetPlaces();
  assert.equal(table.liveIn(5), 0);
  table.merge({ ...record, key: 'l' }, 5);
  assert.equal(table.liveIn(5), 1);
  table.purged(4);
  assert.equal(table.liveIn(5), 1);
});
