// `dynats down`: stops the emulator of a data directory and, if asked, deletes its data.

import type { Command } from 'commander';
import { during } from '../activity.js';
import { confirm } from '../confirm.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { note, printJson } from '../output.js';
import { addQuietFlag } from '../quiet.js';
import { addDataFlag, withExitCodes } from './emulator-command.js';

interface DownFlags {
  data?: string;
  purge?: boolean;
  force?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('down')
    .description('stop the emulator; its data stays')
    .option('--purge', 'delete its data too, after a confirmation')
    .option('-f, --force', 'delete without asking')
    .option('-j, --json', 'print the outcome as JSON');
  addDataFlag(addQuietFlag(command)).action((flags: DownFlags) => withExitCodes(() => down(flags)));
  explain(command, {
    examples: ['dynats down', ['dynats down --purge -f', 'delete its data, without asking']],
  });
}

async function down(flags: DownFlags): Promise<void> {
  const dataDir = resolveDataDir(flags.data);
  // Asked first: somebody who says no keeps a running emulator.
  if (flags.purge === true && flags.force !== true) await confirmPurge(dataDir);
  const stopped = await during('stopping', activity => {
    activity.interrupted = () => 'the emulator goes on stopping: dynats down again waits for it';
    return stop(dataDir);
  });
  if (flags.json !== true) note(stoppedLine(dataDir, stopped));
  const purged = flags.purge === true;
  if (purged) {
    const { purge } = await import('../../emulator/purge.js');
    purge(dataDir);
    if (flags.json !== true) note(`Deleted the data in ${dataDir}.`);
  }
  if (flags.json === true) printJson({ dataDir, ...stopped, purged });
}

interface Stopped {
  /** The emulator that was stopped; null where none ran. */
  pid: number | null;
  /** Processes that an emulator had left behind and that were ended. */
  leftBehind: number;
}

async function stop(dataDir: string): Promise<Stopped> {
  const { stopEmulator, supervisorOf } = await import('../../emulator/control-client.js');
  const pid = supervisorOf(dataDir);
  if (pid !== undefined) {
    await stopEmulator(dataDir);
    return { pid, leftBehind: 0 };
  }
  const { endAbandoned } = await import('../../emulator/abandoned.js');
  return { pid: null, leftBehind: await endAbandoned(dataDir) };
}

function stoppedLine(dataDir: string, { pid, leftBehind }: Stopped): string {
  if (pid !== null) return `Stopped the emulator on ${dataDir} (pid ${pid}).`;
  if (leftBehind === 0) return `No emulator runs on ${dataDir}.`;
  const processes = leftBehind === 1 ? '1 process' : `${leftBehind} processes`;
  return `Ended ${processes} left on ${dataDir} by an emulator that was killed.`;
}

async function confirmPurge(dataDir: string): Promise<void> {
  const { layoutOf } = await import('../../emulator/layout.js');
  const { readState } = await import('../../emulator/state-file.js');
  const { stateFile } = layoutOf(dataDir);
  if (readState(stateFile) === undefined)
    throw new CliError(ExitCode.Usage, `${dataDir} holds no data of an emulator (there is no ${stateFile})`);
  await confirm(
    `Stop the emulator and delete all data in ${dataDir}`,
    `--purge deletes all data in ${dataDir}`,
  );
}
