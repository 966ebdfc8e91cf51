// Runs a scenario on the product with one bug in it, or with none.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BUG_VARIABLE, type Bug } from './bug.js';

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
  const hooks = bug === undefined ? [] : ['--import', new URL('register.js', import.meta.url).href];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...hooks, pathOf('hunt-process.js'), scenario, String(seeds)],
    { env: { ...process.env, [BUG_VARIABLE]: bug?.name ?? '' }, timeout: HUNT_MAX_MS },
  );
  return JSON.parse(stdout) as Catch;
}
