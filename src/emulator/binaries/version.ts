// Which version a binary says it is. Running it is the only proof that it runs on this machine.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { formatDuration } from '../../model/duration.js';

const runTimeoutMs = 10_000;
const outputBytesMax = 64 * 1024;

/** The version `path --version` prints, or why there is none. */
export async function versionOf(path: string): Promise<{ version: string } | { problem: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(path, ['--version'], {
      timeout: runTimeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: outputBytesMax,
    });
    const match = /\bv?(\d{1,6}\.\d{1,6}\.\d{1,6})\b/.exec(`${stdout}\n${stderr}`);
    return match?.[1] ? { version: match[1] } : { problem: 'prints no version' };
  } catch (error) {
    return { problem: `does not run (${reason(error)})` };
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, killed } = error as Error & { code?: string | number | null; killed?: boolean };
  if (killed) return `no answer to --version in ${formatDuration(runTimeoutMs)}`;
  return typeof code === 'number' ? `exit code ${code}` : (code ?? error.message);
}

/** Whether `version` is `minimum` or newer; both `major.minor.patch`. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [have, need] = [version.split('.').map(Number), minimum.split('.').map(Number)];
  for (const [index, wanted] of need.entries()) {
    const difference = (have[index] ?? 0) - wanted;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
