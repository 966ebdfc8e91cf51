import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cover, coverage } from '../../src/model/cover.js';
import { Ring } from '../../src/model/ring.js';

const nodes = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);

const situation = fc
  .record({
    count: fc.integer({ min: 1, max: 9 }),
    replicationFactor: fc.integer({ min: 1, max: 5 }),
    required: fc.integer({ min: 1, max: 5 }),
    partitioner: fc.constantFrom('byte-ordered' as const, 'murmur3' as const),
    up: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
    asked: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
  })
  .map(({ count, replicationFactor, required, partitioner, up, asked }) => ({
    groups: new Ring(nodes(count), { partitioner, replicationFactor }).groups,
    required,
    candidates: nodes(count).filter((_, i) => up[i]),
    already: new Set(nodes(count).filter((_, i) => asked[i])),
  }));

test('a cover has enough members of every group, and is found whenever there is one', () => {
  fc.assert(
    fc.property(situation, ({ groups, required, candidates, already }) => {
      const chosen = cover({ groups, required }, candidates, already);
      const isPossible = coverage({ groups }, new Set([...candidates, ...already])) >= required;
      assert.equal(chosen !== undefined, isPossible);
      if (chosen === undefined) return;
      assert.ok(coverage({ groups }, new Set([...chosen, ...already])) >= required);
      assert.ok(chosen.every(node => candidates.includes(node) && !already.has(node)));
      assert.equal(new Set(chosen).size, chosen.length);
    }),
  );
});

test('a quorum of every key of four nodes is three nodes, the preferred ones', () => {
  const { groups } = new Ring(nodes(4), { partitioner: 'byte-ordered', replicationFactor: 3 });
  assert.deepEqual(cover({ groups, required: 2 }, ['n2', 'n0', 'n1', 'n3'], new Set()), ['n2', 'n0', 'n1']);
});
