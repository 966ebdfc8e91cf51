// Runs a scenario on the product with one bug in it, or with none.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BUG_VARIABLE, type Bug, compiledName, isTestFile } from './bug.js';

export interface Catch {
  /** Runs until the first that failed; all, when none did. */
  readonly runs: number;
  /** The rules it broke. */
  readonly rules: readonly string[];
}

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** A run that hangs in virtual time ends by itself; one that spins is ended after this long. */
const HUNT_MAX_MS = 15 * 60_000;

export async function hunt({ scenario, seeds }: Pick<Bug, 'scenario' | 'seeds'>, bug?: Bug): Promise<Catch> {
  if (isTestFile(scenario)) return huntByTests(scenario, bug);
  const hooks = hooksFor(bug);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...hooks, pathOf('hunt-process.js'), scenario, String(seeds)],
    { env: envFor(bug), timeout: HUNT_MAX_MS },
  );
  return JSON.parse(stdout) as Catch;
}

/** Each test that fails is a rule that is broken. */
async function huntByTests(file: string, bug: Bug | undefined): Promise<Catch> {
  const root = new URL('../../../', import.meta.url);
  const tests = fileURLToPath(new URL(compiledName(file), root));
  const args = [...hooksFor(bug), '--test-reporter=tap', tests];
  const options = { env: { ...envFor(bug), DYNATS_SIM_SEEDS: '1' }, timeout: HUNT_MAX_MS };
  const output = await promisify(execFile)(process.execPath, args, options).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  const failed = [...output.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name = '']) => name);
  if (!/^(?:not )?ok 1 - /m.test(output)) throw new Error(`${file} ran no test: ${output}`);
  return { runs: 1, rules: failed };
}

function hooksFor(bug: Bug | undefined): string[] {
  return bug === undefined ? [] : ['--import', new URL('register.js', import.meta.url).href];
}

function envFor(bug: Bug | undefined): NodeJS.ProcessEnv {
  // The runner of these tests must not take the tests started here for its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return { ...env, [BUG_VARIABLE]: bug?.name ?? '' };
}
