// Deletes the data of an emulator: what it made in its directory and nothing else.
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DataDirLock } from './data-dir-lock.js';
import { usage } from './emulator-error.js';
import { layoutOf, sharedBrokerName } from './layout.js';
import { readState } from './state-file.js';

/**
 * Deletes the data and, when nothing else is in it, the directory.
 *
 * @throws EmulatorError when the directory is not an emulator's, or one runs on it.
 */
export function purge(dataDir: string): void {
  const layout = layoutOf(dataDir);
  const state = readState(layout.stateFile);
  if (state === undefined)
    throw usage(`${layout.dataDir} holds no data of an emulator (there is no ${layout.stateFile})`);
  const lock = DataDirLock.acquire(layout.dataDir);
  if (!(lock instanceof DataDirLock))
    throw usage(`an emulator runs on ${layout.dataDir}: stop it with dynats down`);
  for (const name of [...state.cluster.nodes, sharedBrokerName]) remove(layout.node(name).dir);
  remove(layout.supervisorLog);
  remove(layout.controlSocket);
  // Last: as long as it is there, a purge that was interrupted can be repeated.
  remove(layout.stateFile);
  lock.release();
  for (const name of readdirSync(layout.dataDir))
    if (DataDirLock.isLockFile(name)) remove(path.join(layout.dataDir, name));
  if (readdirSync(layout.dataDir).length === 0) rmdirSync(layout.dataDir);
}

function remove(file: string): void {
  rmSync(file, { recursive: true, force: true });
}
