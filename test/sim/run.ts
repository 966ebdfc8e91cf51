// `npm run sim`: runs many seeds of one scenario, or of all, and ends with 1 if one failed or something was never reached.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runInJobs } from './jobs.js';
import { batchesOf, type Failure, neverReached, scenarioOf, tell } from './run-seeds.js';
import { SCENARIOS } from './scenarios.js';

const USAGE = `npm run sim -- [--scenario NAME] [--seeds N] [--first K] [--jobs J] [--failures F] [--log]

  --scenario  one of these; all of them by default, each with its share of the seeds:
${Object.entries(SCENARIOS)
  .map(([name, { about }]) => `              ${name.padEnd(10)}${about}`)
  .join('\n')}
  --seeds     how many runs, 1000 by default
  --first     the first seed, 1 by default
  --jobs      processes, one for each core by default
  --failures  ends after so many, 1 by default
  --log       prints what every node logs: of one seed of one scenario
`;
const PROGRESS_MS = 5000;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    failures: { type: 'string', default: '1' },
    log: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function numberOf(name: 'seeds' | 'first' | 'jobs' | 'failures'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  process.stderr.write(`--${name} takes a whole number, 1 or more.\n\n${USAGE}`);
  process.exit(2);
}

const print = (text: string) => process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  const batches = batchesOf(numberOf('first'), numberOf('seeds'), values.scenario);
  const runs = batches.reduce((sum, { seeds }) => sum + seeds, 0);
  const [only] = batches;
  if (values.log && runs === 1 && only !== undefined)
    await scenarioOf(only.scenario).run({ seed: only.first, onLog: print });
  const startedAtMs = Date.now();
  let done = 0;
  const progress = setInterval(
    () =>
      process.stderr.write(`${done} of ${runs} runs, ${((Date.now() - startedAtMs) / 1000).toFixed(0)} s\n`),
    PROGRESS_MS,
  );
  const failures: Failure[] = [];
  const results = await runInJobs(batches, {
    jobs: numberOf('jobs'),
    failuresMax: numberOf('failures'),
    onRun: () => done++,
    onFailure: failure => failures.push(failure),
  });
  clearInterval(progress);
  let missing = 0;
  for (const [name, result] of results) {
    const counts = Object.entries(result.reached).sort(([a], [b]) => (a < b ? -1 : 1));
    print(`${name}: ${result.runs} runs, ${result.failures.length} failed`);
    print(`  reached ${counts.map(([what, times]) => `${what} ${times}`).join(', ')}`);
    for (const what of neverReached(name, result)) {
      missing++;
      print(`  NEVER REACHED: ${what}`);
    }
  }
  print(`${done} runs in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`);
  for (const failure of failures) print(`\nFAILED: ${await tell(failure)}`);
  return failures.length > 0 || missing > 0 ? 1 : 0;
}

if (values.help) print(USAGE);
else process.exitCode = await main();
