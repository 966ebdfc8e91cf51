// `npm run test:bugs`: the simulator catches every deliberate bug, and nothing when there is none.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hunt } from './hunt.js';
import { BUGS } from './list.js';

describe('the simulator catches', { concurrency: 2 }, () => {
  for (const bug of BUGS)
    test(`that ${bug.name}`, async t => {
      const { runs, rules } = await hunt(bug, bug);
      t.diagnostic(`${bug.scenario}, seed ${runs}: ${rules.join('; ')}`);
      assert.ok(rules.length > 0, `not caught in ${runs} runs of ${bug.scenario}: a hole in the net`);
    });
});

describe('the simulator catches nothing without a bug', { concurrency: 2 }, () => {
  for (const scenario of new Set(BUGS.map(bug => bug.scenario)))
    test(`in ${scenario}`, async () => {
      const seeds = Math.max(...BUGS.filter(bug => bug.scenario === scenario).map(bug => bug.seeds));
      assert.deepEqual((await hunt({ scenario, seeds })).rules, []);
    });
});
