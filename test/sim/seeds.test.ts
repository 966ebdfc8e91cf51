// A thousand simulated runs, with all scenarios among them, and what earlier runs found.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInJobs } from './jobs.js';
import type { Planned } from './plan.js';
import { batchesOf, type Failure, neverReached, scenarioOf, tell } from './run-seeds.js';
import { rulesBroken } from './shrink.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 1000);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);
/** More would starve what runs beside it. */
const JOBS_MAX = 4;
const SHRINK_MS = 30_000;
const past = fileURLToPath(new URL('../../../test/sim/past/', import.meta.url));

interface PastFailure {
  readonly about: string;
  readonly scenario: string;
  readonly seed: number;
  readonly plan: readonly Planned[];
}

test('the guarantees hold in every simulated run', async t => {
  const failures: Failure[] = [];
  const results = await runInJobs(batchesOf(FIRST, SEEDS), {
    jobs: Math.min(JOBS_MAX, availableParallelism()),
    failuresMax: 1,
    onRun: () => {},
    onFailure: failure => failures.push(failure),
  });
  const [first] = failures;
  assert.equal(first === undefined ? '' : await tell(first, SHRINK_MS), '');
  const missing = [...results].flatMap(([name, result]) =>
    neverReached(name, result).map(what => `${name}: ${what}`),
  );
  assert.deepEqual(missing, [], 'rare things that no run has reached');
  const runs = [...results].map(([name, result]) => `${name} ${result.runs}`);
  t.diagnostic(`runs: ${runs.join(', ')}`);
});

for (const file of readdirSync(past).filter(name => name.endsWith('.json'))) {
  const failure = JSON.parse(readFileSync(path.join(past, file), 'utf8')) as PastFailure;
  const { about, scenario, seed, plan } = failure;
  test(`what failed once is as it should be: ${about}`, async () => {
    assert.deepEqual(await rulesBroken(scenarioOf(scenario).run, seed, plan), []);
  });
}
