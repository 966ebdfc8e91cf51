// What the operating system says of a process by its id. Linux by /proc, others by ps.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const isLinux = process.platform === 'linux';

/** Whether the process runs. One that has ended and was not yet waited for (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const state = isLinux ? statFields(pid)?.[0] : ps(pid, 'stat')?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/**
 * When the process started, in a form that is only good for comparing: with the pid it names one process for ever,
 * where the pid alone is given out again. Undefined when there is no such process.
 */
export function startOf(pid: number): string | undefined {
  if (!isLinux) return ps(pid, 'lstart');
  const ticks = statFields(pid)?.[19];
  return ticks === undefined ? undefined : `${bootId()}/${ticks}`;
}

/** The command line, or undefined when there is no such process. */
export function commandLineOf(pid: number): string | undefined {
  if (!isLinux) return ps(pid, 'command');
  return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
}

/** The fields of /proc/<pid>/stat from the third (state) on; the second, a name in parentheses, may hold anything. */
function statFields(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // No such process any more.
  }
}

function ps(pid: number, column: string): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
