import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAMAGE, without } from './fault-table.js';
import { withSeed } from './replay.js';
import { runScenario } from './scenario.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 10);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);
/** An acknowledgement at level ONE does not survive the loss of that one disk. */
const rates = without(DAMAGE);

test('within a session no read at level ONE is older than what the session wrote or read', async () => {
  let acked = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const result = await withSeed(seed, () => runScenario({ seed, sessions: 'kept', rates }));
    assert.deepEqual(
      result.violations,
      [],
      `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`,
    );
    acked += result.acked;
  }
  assert.ok(acked > 50 * SEEDS, `${acked} operations of ${SEEDS} runs succeeded`);
});

test('without a session they are, in some of the same runs', async () => {
  let violations = 0;
  for (let seed = 1; seed <= 10; seed++)
    violations += (await runScenario({ seed, sessions: 'unkept', rates })).violations.length;
  assert.ok(violations > 0);
});
