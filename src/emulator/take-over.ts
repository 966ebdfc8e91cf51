// Takes a data directory: its lock, and the processes that an emulator left there which was killed.
import { DataDirLock } from './data-dir-lock.js';
import { failed, messageOf, usage } from './emulator-error.js';
import type { Layout } from './layout.js';
import { endLeftovers } from './leftovers.js';
import type { EmulatorOptions } from './options.js';
import type { EmulatorState } from './state-file.js';

/** @throws EmulatorError when another emulator runs on the directory. */
export function takeLock(layout: Layout): DataDirLock {
  let lock: ReturnType<typeof DataDirLock.acquire>;
  try {
    lock = DataDirLock.acquire(layout.dataDir);
  } catch (error) {
    throw failed(`cannot use the data directory ${layout.dataDir}: ${messageOf(error)}`, error);
  }
  if (lock instanceof DataDirLock) return lock;
  const who = lock.ownedBy === 0 ? 'starting right now' : `already running, pid ${lock.ownedBy}`;
  throw usage(`an emulator on ${layout.dataDir} is ${who}: see dynats status, stop it with dynats down`);
}

export async function endWhatIsLeft(
  made: EmulatorState | undefined,
  options: EmulatorOptions,
): Promise<void> {
  const ended = await endLeftovers(Object.values(made?.processes ?? {}));
  if (ended > 0) options.onProgress?.(`Ended ${ended} processes left by an emulator that was killed.`);
}
