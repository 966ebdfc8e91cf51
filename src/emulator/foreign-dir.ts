// Keeps an emulator out of directories that are not its own, before it leaves a trace in one.
import { readdirSync } from 'node:fs';
import { DataDirLock } from './data-dir-lock.js';
import { usage } from './emulator-error.js';
import type { Layout } from './layout.js';
import { readState } from './state-file.js';

/**
 * A new emulator never moves into a directory that holds anything else: `down --purge` will delete what is there.
 *
 * @throws EmulatorError when the directory holds something and no emulator, running or stopped.
 */
export function refuseForeignDir({ dataDir, stateFile }: Layout): void {
  const found = namesIn(dataDir).find(name => !isExpected(name));
  // One that is just starting has made its nodes' directories, and not yet its state: the lock tells.
  if (found === undefined || readState(stateFile) !== undefined || DataDirLock.ownerOf(dataDir) !== undefined)
    return;
  throw usage(
    `${dataDir} is not empty (${found}) and holds no ${stateFile}: choose an empty directory with --data`,
  );
}

/** What an emulator leaves that failed before it had made anything. */
function isExpected(name: string): boolean {
  return DataDirLock.isLockFile(name) || name === 'supervisor.log' || name === 'control.sock';
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // It is yet to be made; or whoever uses it says why it cannot be.
  }
}
