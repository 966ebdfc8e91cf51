// Gives orders to the emulator that runs on a data directory.
import { connect } from 'node:net';
import { formatDuration } from '../model/duration.js';
import { type ControlCommand, type ControlCommands, parseAnswer } from './control-protocol.js';
import { DataDirLock } from './data-dir-lock.js';
import { EmulatorError, EmulatorFault, failed } from './emulator-error.js';
import { layoutOf } from './layout.js';
import { waitUntil } from './wait-until.js';

/** A restart may have a long log to read; all else is answered within seconds. */
const answerLimitMs = 120_000;
const stopLimitMs = 30_000;

/** The pid of the emulator that runs on `dataDir`, if one does. */
export function supervisorOf(dataDir: string): number | undefined {
  return DataDirLock.ownerOf(layoutOf(dataDir).dataDir);
}

/** @throws EmulatorError also when no emulator runs there. */
export async function control<C extends ControlCommand>(
  dataDir: string,
  command: C,
  request: ControlCommands[C]['takes'],
): Promise<ControlCommands[C]['answers']> {
  const { controlSocket } = layoutOf(dataDir);
  const pid = supervisorOf(dataDir);
  if (pid === undefined)
    throw new EmulatorError(
      EmulatorFault.NotRunning,
      `no emulator runs on ${dataDir}: start one with dynats up`,
    );
  const line = await exchange(controlSocket, JSON.stringify({ command, ...request }), pid);
  return parseAnswer(line) as ControlCommands[C]['answers']; // The two sides are one program, and one version of it.
}

/** Stops the emulator. Resolves when all of its processes are gone. */
export async function stopEmulator(dataDir: string): Promise<void> {
  const pid = supervisorOf(dataDir);
  await control(dataDir, 'down', {});
  const gone = await waitUntil(() => supervisorOf(dataDir) !== pid, { limitMs: stopLimitMs });
  if (!gone)
    throw failed(`the emulator, pid ${pid}, does not stop: end it with kill -9 ${pid}, then run dynats down`);
}

function exchange(file: string, request: string, pid: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(file, () => socket.write(`${request}\n`));
    socket.setEncoding('utf8');
    socket.setTimeout(answerLimitMs, () =>
      socket.destroy(
        failed(`the emulator, pid ${pid}, does not answer after ${formatDuration(answerLimitMs)}`),
      ),
    );
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const starting = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      reject(
        starting
          ? failed(`the emulator, pid ${pid}, is starting or stopping: try again when it is ready`)
          : error,
      );
    });
  });
}
