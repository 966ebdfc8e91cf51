import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cover, coverage, uncovered } from '../../src/model/cover.js';
import { Level } from '../../src/model/level.js';
import { needOf, shortfall } from '../../src/model/need.js';
import { Ring } from '../../src/model/ring.js';

const nodes = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);

const levels = Object.values(Level);
/** Zone of a node, of one to three zones. */
const zoneOf = (zones: number) => (node: string) => `z${Number(node.slice(1)) % zones}`;

const situation = fc
  .record({
    count: fc.integer({ min: 3, max: 9 }),
    replicationFactor: fc.integer({ min: 3, max: 5 }),
    zones: fc.integer({ min: 1, max: 3 }),
    level: fc.constantFrom(...levels),
    partitioner: fc.constantFrom('byte-ordered' as const, 'murmur3' as const),
    up: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
    asked: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
  })
  .map(({ count, replicationFactor, zones, level, partitioner, up, asked }) => {
    const of = zoneOf(zones);
    const named = Object.fromEntries(nodes(count).map(node => [node, of(node)]));
    const { groups } = new Ring(nodes(count), { partitioner, replicationFactor, zones: named });
    return {
      groups,
      needs: groups.map(owners => needOf(level, { owners, zoneOf: of, localZone: 'z0' })),
      candidates: nodes(count).filter((_, i) => up[i]),
      already: new Set(nodes(count).filter((_, i) => asked[i])),
    };
  });

test('a cover meets what the level needs of every group, and is found whenever there is one', () => {
  fc.assert(
    fc.property(situation, ({ needs, candidates, already }) => {
      const chosen = cover(needs.flat(), candidates, already);
      const all = new Set([...candidates, ...already]);
      assert.equal(chosen !== undefined, uncovered(needs.flat(), all) === undefined);
      if (chosen === undefined) return;
      const asked = [...chosen, ...already];
      for (const need of needs) assert.equal(shortfall(need, asked), undefined);
      assert.ok(chosen.every(node => candidates.includes(node) && !already.has(node)));
      assert.equal(new Set(chosen).size, chosen.length);
    }),
  );
});

test('what is missing of many groups is the part furthest from being met', () => {
  const owners = nodes(3);
  const need = [
    { zone: 'a', owners: ['n0', 'n1'], required: 2 },
    { zone: 'b', owners, required: 3 },
  ];
  assert.deepEqual(uncovered(need, new Set(['n0'])), { zone: 'b', required: 3, there: 1 });
  assert.deepEqual(uncovered(need, new Set(['n0', 'n1'])), { zone: 'b', required: 3, there: 2 });
  assert.equal(uncovered(need, new Set(owners)), undefined);
  assert.equal(coverage([owners, ['n0', 'n9']], new Set(owners)), 1);
});

test('a quorum of every key of four nodes is three nodes, the preferred ones', () => {
  const { groups } = new Ring(nodes(4), { partitioner: 'byte-ordered', replicationFactor: 3 });
  const need = groups.map(owners => ({ zone: undefined, owners, required: 2 }));
  assert.deepEqual(cover(need, ['n2', 'n0', 'n1', 'n3'], new Set()), ['n2', 'n0', 'n1']);
});
