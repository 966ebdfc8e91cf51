// An emulator whose supervisor was killed: its brokers may still run, with nobody to stop them.
import { DataDirLock } from './data-dir-lock.js';
import { usage } from './emulator-error.js';
import { layoutOf } from './layout.js';
import { endLeftovers } from './leftovers.js';
import { readState, writeState } from './state-file.js';

/** Ends what a killed supervisor left on `dataDir`. Resolves to how many processes. */
export async function endAbandoned(dataDir: string): Promise<number> {
  const layout = layoutOf(dataDir);
  const state = readState(layout.stateFile);
  if (state === undefined || Object.keys(state.processes).length === 0) return 0;
  const lock = DataDirLock.acquire(layout.dataDir);
  if (!(lock instanceof DataDirLock)) throw usage(`an emulator on ${layout.dataDir} is starting: try again`);
  try {
    const ended = await endLeftovers(Object.values(state.processes));
    writeState(layout.stateFile, { ...state, pid: null, processes: {} });
    return ended;
  } finally {
    lock.release();
  }
}
