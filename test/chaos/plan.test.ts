import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faults } from '../../src/chaos/faults/all.js';
import { makePlan } from '../../src/chaos/plan.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const options = { durationMs: 600_000, everyMs: 5000, faults, nodes };

describe('the plan of a run', () => {
  test('is the same for the same seed, and another for another', () => {
    assert.deepEqual(makePlan({ ...options, seed: 7 }), makePlan({ ...options, seed: 7 }));
    assert.notDeepEqual(makePlan({ ...options, seed: 7 }), makePlan({ ...options, seed: 8 }));
  });

  test('has every kind once before one comes again', () => {
    const names = makePlan({ ...options, seed: 1 }).map(({ fault }) => fault);
    for (let from = 0; from + faults.length <= names.length; from += faults.length)
      assert.equal(new Set(names.slice(from, from + faults.length)).size, faults.length);
  });

  test('heals each fault before the next begins, and the last before the end', () => {
    const plan = makePlan({ ...options, seed: 2 });
    for (const [i, { atMs, holdMs }] of plan.entries())
      assert.ok(atMs + holdMs < (plan[i + 1]?.atMs ?? options.durationMs));
  });

  test('never takes the data of two nodes at a time, but for the loss of power that all must bear', () => {
    for (let seed = 0; seed < 100; seed++)
      for (const { fault, nodes: hit } of makePlan({ ...options, seed }))
        if (faults.find(({ name }) => name === fault)?.losesData === true && fault !== 'power-loss-all')
          assert.equal(hit.length, 1, fault);
  });
});
