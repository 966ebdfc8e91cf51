import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeByKey } from '../../../src/cli/replicas/merge.js';
import { recordsOf } from '../../../src/cli/replicas/pages.js';
import { readableNodes } from '../../../src/cli/replicas/readable-nodes.js';
import type { Presence } from '../../../src/wire/generated/types.js';
import { collect } from '../collect.js';
import { FakeNodes, record } from './records.js';

test('all pages of a node are read', async () => {
  const held = ['a', 'b', 'c', 'd', 'e'].map(key => record(key, 1));
  const nodes = new FakeNodes({ n0: held });
  assert.deepEqual(await collect(recordsOf(nodes, 'n0', 'default')), held);
  assert.equal(nodes.requests, 3);
});

test('a node that announces more and sends nothing is an error, not an endless loop', async () => {
  const client = { records: async (node: string) => ({ node, records: [], more: true }) };
  await assert.rejects(collect(recordsOf(client, 'n0', 'default')), /announces more records but sends none/);
});

test('merging yields each key once, ascending, with every copy of it', async () => {
  const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(keys, { minLength: 1, maxLength: 4 }), async holdings => {
      const held = Object.fromEntries(
        holdings.map((some, i) => [`n${i}`, [...some].sort().map(key => record(key, i + 1))]),
      );
      const nodes = new FakeNodes(held);
      const streams = new Map(Object.keys(held).map(node => [node, recordsOf(nodes, node, 'default')]));
      const merged = await collect(mergeByKey(streams));
      const expected = [...new Set(holdings.flat())].sort();
      assert.deepEqual(
        merged.map(each => each.key),
        expected,
      );
      for (const { key, copies } of merged) {
        const holders = Object.keys(held).filter(node => held[node]?.some(each => each.key === key));
        assert.deepEqual([...copies.keys()], holders);
        for (const copy of copies.values()) assert.equal(copy.key, key);
      }
    }),
  );
});

test('a stream out of order is refused, as merging it would invent differences', async () => {
  const nodes = new FakeNodes({}, 9);
  const stream = (async function* () {
    yield record('b', 1);
    yield record('a', 1);
  })();
  await assert.rejects(
    collect(
      mergeByKey(
        new Map([
          ['n0', stream],
          ['n1', recordsOf(nodes, 'n1', 'default')],
        ]),
      ),
    ),
    /records of n0 are not in key order/,
  );
});

test('only nodes that serve count as readable', () => {
  const peer = (node: string, more: Partial<Presence>): Presence => ({
    node,
    incarnation: 1,
    state: 'serving',
    time: 1,
    now: 1,
    remembers: {},
    ...more,
  });
  const peers = [peer('n0', {}), peer('n1', { state: 'recovering' }), peer('n2', { leaving: true })];
  const cluster = {
    name: 'c',
    nodes: ['n0', 'n1', 'n2', 'n3'],
    replicationFactor: 3,
    partitioner: 'byte-ordered' as const,
  };
  assert.deepEqual(readableNodes({ node: 'n0', cluster, time: 1, now: 1, peers }), {
    readable: ['n0'],
    others: [
      { node: 'n1', state: 'recovering' },
      { node: 'n2', state: 'down' },
      { node: 'n3', state: 'down' },
    ],
  });
});
