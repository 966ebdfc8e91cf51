import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrossCheck, type Difference } from '../../../src/cli/replicas/cross-check.js';
import { mergeByKey } from '../../../src/cli/replicas/merge.js';
import { recordsOf } from '../../../src/cli/replicas/pages.js';
import { compareCopies, differencesOf } from '../../../src/cli/replicas/verdict.js';
import { Ring } from '../../../src/model/ring.js';
import type { WireRecord } from '../../../src/wire/generated/types.js';
import { FakeNodes, record } from './records.js';

const owners = ['n2', 'n3', 'n0'];
const nodes = ['n0', 'n1', 'n2', 'n3'];
const old = record('137', 1);
const fresh = record('137', 2);
const tombstone = record('137', 3, null);

test('copies are compared with the newest of them', () => {
  const table: [Record<string, WireRecord>, string[], string, string][] = [
    [{ n2: fresh, n3: fresh, n0: fresh }, nodes, 'in sync', ''],
    [{ n2: fresh, n3: old, n0: fresh }, nodes, 'diverged', 'older on n3'],
    [{ n2: fresh, n3: fresh }, nodes, 'diverged', 'missing on n0'],
    [{ n2: fresh, n3: fresh, n0: fresh, n1: fresh }, nodes, 'diverged', 'on n1, which is no owner'],
    [
      { n2: old, n3: old, n0: old, n1: fresh },
      nodes,
      'diverged',
      'older on n2, older on n3, older on n0, on n1, which is no owner',
    ],
    [{ n2: tombstone, n3: tombstone, n0: fresh }, nodes, 'diverged', 'older on n0'],
    [{ n2: tombstone, n3: tombstone, n0: tombstone }, nodes, 'in sync', ''],
    [{ n2: fresh, n3: fresh }, ['n1', 'n2', 'n3'], 'in sync', ''],
    [{}, nodes, 'missing', 'missing on n2, missing on n3, missing on n0'],
    [
      { n2: record('137', 2, 'x'), n3: record('137', 2, 'y'), n0: record('137', 2, 'y') },
      nodes,
      'diverged',
      'older on n2',
    ],
  ];
  for (const [copies, asked, verdict, differences] of table) {
    const comparison = compareCopies(owners, new Set(asked), new Map(Object.entries(copies)));
    assert.equal(comparison.verdict, verdict);
    assert.equal(differencesOf(comparison), differences);
  }
});

const ring = new Ring(nodes, { partitioner: 'byte-ordered', replicationFactor: 3 });

async function check(
  streamed: Record<string, WireRecord[]>,
  later: Record<string, WireRecord[]>,
): Promise<Difference[]> {
  const found: Difference[] = [];
  const crossCheck = new CrossCheck(new FakeNodes(later), ring, 'default', nodes, difference =>
    found.push(difference),
  );
  const client = new FakeNodes(streamed);
  for await (const copies of mergeByKey(
    new Map(nodes.map(node => [node, recordsOf(client, node, 'default')])),
  ))
    await crossCheck.add(copies);
  await crossCheck.finish();
  assert.equal(crossCheck.differing, found.length);
  return found;
}

test('the cross-check names every key on which owners differ, however many', async () => {
  const keys = Array.from({ length: 3000 }, (_, i) => `200-${String(i).padStart(4, '0')}`);
  // First byte "2" is 50: owners n0, n1, n2. n1 lacks every third key.
  const all = keys.map(key => record(key, 5));
  const held = { n0: all, n1: all.filter((_, i) => i % 3 !== 0), n2: all, n3: [] };
  const found = await check(held, held);
  assert.deepEqual(
    found.map(each => each.key),
    keys.filter((_, i) => i % 3 === 0),
  );
});

test('a difference that is gone at the second look was a write under way', async () => {
  const settled = { n2: [fresh], n3: [fresh], n0: [fresh] };
  assert.deepEqual(await check({ n2: [fresh], n3: [old], n0: [fresh] }, settled), []);
});
