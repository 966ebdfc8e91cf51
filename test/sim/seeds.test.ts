import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSeed } from './replay.js';
import { runScenario } from './scenario.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 30);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);

test('the guarantees hold in every simulated run', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { violations } = await withSeed(seed, () => runScenario({ seed }));
    assert.deepEqual(violations, [], `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`);
  }
});
