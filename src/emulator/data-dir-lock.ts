// One owner for a directory: of several that start at once exactly one wins, and what a killed owner leaves is taken over.
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { isAlive, startOf } from './process-table.js';

/**
 * Locks are numbered files, and the highest number holds. Taking over means creating the next number, which only one
 * can; nothing that counts is ever removed or overwritten, so a slow rival can never remove the winner's lock for a
 * stale one.
 */
const lockName = /^lock\.(\d+)$/;
const released = 'released';
/** An owner writes its lock right after creating it; an empty one that is older was left by a crash in between. */
const emptyAgeMsMax = 5000;

export class DataDirLock {
  private constructor(
    private readonly file: string,
    private held = true,
  ) {}

  /** The lock, or the pid of the live process that has it (0 when it has not said yet). */
  static acquire(dir: string): DataDirLock | { ownedBy: number } {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (;;) {
      const highest = highestIn(dir);
      if (highest > 0) {
        const owner = liveOwner(path.join(dir, `lock.${highest}`));
        if (owner !== undefined) return { ownedBy: owner };
      }
      const file = path.join(dir, `lock.${highest + 1}`);
      if (!create(file)) continue; // A rival was faster: look again.
      if (highestIn(dir) !== highest + 1) {
        // So slow that the number was used, and swept away, in between.
        rmSync(file, { force: true });
        continue;
      }
      sweepBelow(dir, highest + 1);
      return new DataDirLock(file);
    }
  }

  /** The live process that holds the lock of `dir`, if any. */
  static ownerOf(dir: string): number | undefined {
    const highest = highestIn(dir);
    return highest === 0 ? undefined : liveOwner(path.join(dir, `lock.${highest}`));
  }

  /** Names of the lock's files, for who deletes the directory. */
  static isLockFile(name: string): boolean {
    return lockName.test(name);
  }

  release(): void {
    if (!this.held) return;
    this.held = false;
    try {
      const file = openSync(this.file, 'r+');
      writeSync(file, released, 0);
      closeSync(file);
    } catch {
      // The directory is gone, and the lock with it.
    }
  }
}

function create(file: string): boolean {
  try {
    const handle = openSync(file, 'wx', 0o600);
    writeSync(handle, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }));
    closeSync(handle);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function highestIn(dir: string): number {
  return Math.max(0, ...numbersIn(dir));
}

function numbersIn(dir: string): number[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return []; // No such directory.
  }
  return names.flatMap(name => Number(lockName.exec(name)?.[1] ?? []));
}

function sweepBelow(dir: string, number: number): void {
  for (const other of numbersIn(dir))
    if (other < number) rmSync(path.join(dir, `lock.${other}`), { force: true });
}

function liveOwner(file: string): number | undefined {
  let text: string;
  let ageMs: number;
  try {
    text = readFileSync(file, 'utf8');
    ageMs = Date.now() - statSync(file).mtimeMs;
  } catch {
    return undefined; // Swept by a newer owner.
  }
  if (text === '') return ageMs < emptyAgeMsMax ? 0 : undefined;
  if (text.startsWith(released)) return undefined;
  try {
    const { pid, start } = JSON.parse(text) as { pid: number; start: string };
    return isAlive(pid) && startOf(pid) === start ? pid : undefined;
  } catch {
    return undefined; // Torn by a crash while it was written.
  }
}
