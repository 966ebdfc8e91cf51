import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROUNDS, runReadRepair } from './read-repair.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 10);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);

test('after a failed write that reached one owner, of two successive quorum reads the second is never older', async t => {
  const reached = { foundFailed: 0, repaired: 0, timedOut: 0 };
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { violations, ...counts } = await runReadRepair(seed);
    assert.deepEqual(violations, [], `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`);
    reached.foundFailed += counts.foundFailed;
    reached.repaired += counts.repaired;
    reached.timedOut += counts.timedOut;
  }
  t.diagnostic(`${SEEDS * ROUNDS} failed writes: ${JSON.stringify(reached)}`);
  // One run alone need not have met everything.
  if (SEEDS < 10) return;
  for (const [what, times] of Object.entries(reached)) assert.ok(times >= SEEDS, `${what}: ${times}`);
});
