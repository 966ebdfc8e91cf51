// Ends processes that a killed supervisor left behind: only those it recorded, and only when their command line shows
// that the pid is still theirs.

import { failed } from './emulator-error.js';
import { commandLineOf, isAlive } from './process-table.js';
import type { RecordedProcess } from './state-file.js';
import { waitUntil } from './wait-until.js';

const stopGraceMs = 3000;
const killLimitMs = 5000;

/** Whether the process is the recorded one: alive, and started with the recorded configuration file. */
export function isOurs({ pid, config }: RecordedProcess): boolean {
  return isAlive(pid) && (commandLineOf(pid)?.includes(config) ?? false);
}

/** Resolves to how many were ended. @throws EmulatorError when one would not end. */
export async function endLeftovers(recorded: readonly RecordedProcess[]): Promise<number> {
  const ours = recorded.filter(isOurs);
  for (const { pid } of ours) {
    signal(pid, 'SIGTERM');
    signal(pid, 'SIGCONT');
  }
  // A process that is ending has no command line any more, and may still hold its ports and files.
  const isThere = ({ pid }: RecordedProcess) => isAlive(pid);
  await waitUntil(() => !ours.some(isThere), { limitMs: stopGraceMs });
  for (const process of ours) if (isOurs(process)) signal(process.pid, 'SIGKILL');
  await waitUntil(() => !ours.some(isThere), { limitMs: killLimitMs });
  const stubborn = ours.filter(isThere).map(({ pid }) => pid);
  if (stubborn.length > 0) throw failed(`left-over processes do not end: ${stubborn.join(', ')}`);
  return ours.length;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}
