// Which data directory a command means, and the emulator that runs in it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the package: of this checkout, or of the installed package. */
export const packageRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** `--data`, else DYNATS_DATA, else `.dynats` in the checkout (in the working directory for an installed package). */
export function resolveDataDir(flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const chosen = flag ?? env['DYNATS_DATA'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const installed = packageRoot.split(path.sep).includes('node_modules');
  return path.join(installed ? process.cwd() : packageRoot, '.dynats');
}

export interface RunningEmulator {
  /** Of the bus. */
  readonly urls: readonly string[];
  /** The context of its operator, when it is secured. */
  readonly context: string | undefined;
}

/** The emulator that runs in `dataDir`, or undefined when none does. */
export function runningEmulator(dataDir: string): RunningEmulator | undefined {
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(path.join(dataDir, 'emulator.json'), 'utf8'));
  } catch {
    return undefined; // No emulator has run here, or it is just writing its state: not a failure of this command.
  }
  if (typeof state !== 'object' || state === null) return undefined;
  const { pid, urls, secure } = state as { pid?: unknown; urls?: unknown; secure?: unknown };
  if (typeof pid !== 'number' || !Array.isArray(urls) || !isRunning(pid)) return undefined;
  const strings = urls.filter((url): url is string => typeof url === 'string');
  if (strings.length === 0) return undefined;
  // Whoever may read the data directory may do everything with the data.
  return {
    urls: strings,
    context: secure === true ? path.join(dataDir, 'secrets', 'operator.json') : undefined,
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
