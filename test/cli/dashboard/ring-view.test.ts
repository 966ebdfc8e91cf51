import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ringView } from '../../../src/cli/dashboard/ring-view.js';
import { Ring } from '../../../src/model/ring.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];

test('the ranges of the byte-ordered ring are drawn as they are', () => {
  const view = ringView('default', new Ring(nodes, { partitioner: 'byte-ordered', replicationFactor: 3 }));
  assert.equal(view.isSampled, false);
  assert.deepEqual(view.slices, [
    { from: 0, to: 64, owners: ['n0', 'n1', 'n2'] },
    { from: 64, to: 128, owners: ['n1', 'n2', 'n3'] },
    { from: 128, to: 192, owners: ['n2', 'n3', 'n0'] },
    { from: 192, to: 256, owners: ['n3', 'n0', 'n1'] },
  ]);
  assert.deepEqual(view.shares['n2'], { first: 0.25, any: 0.75 });
});

test('of thousands of ranges equal slices are drawn, and shares are exact', () => {
  const ring = new Ring(nodes, { partitioner: 'murmur3', replicationFactor: 3 });
  const view = ringView('default', ring);
  assert.equal(view.isSampled, true);
  const ranges = [...ring.ranges()];
  assert.deepEqual([ranges[0]?.from, ranges.at(-1)?.to], [0, 2 ** 32]);
  for (const [i, range] of ranges.entries()) if (i > 0) assert.equal(range.from, ranges[i - 1]?.to);
  for (const { from, owners } of view.slices) {
    const range = ranges.find(each => from >= each.from && from < each.to);
    assert.deepEqual(owners, range?.owners);
  }
  const total = Object.values(view.shares).reduce((sum, { first }) => sum + first, 0);
  assert.ok(Math.abs(total - 1) < 1e-9, `${total}`);
});

test('the owners of a range are those of the keys in it', () => {
  for (const partitioner of ['byte-ordered', 'murmur3'] as const) {
    const ring = new Ring(nodes, { partitioner, replicationFactor: 2 });
    const ranges = [...ring.ranges()];
    for (let i = 0; i < 200; i++) {
      const token = ring.token(String(i));
      const range = ranges.find(({ from, to }) => token >= from && token < to);
      assert.deepEqual(range?.owners, ring.owners(String(i)), `${partitioner} ${i}`);
    }
  }
});
