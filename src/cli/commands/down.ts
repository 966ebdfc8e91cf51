// `dynats down`: stops the emulator of a data directory and, if asked, deletes its data.

import type { Command } from 'commander';
import { during } from '../activity.js';
import { confirm } from '../confirm.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { note } from '../output.js';
import { addDataFlag, withExitCodes } from './emulator-command.js';

interface DownFlags {
  data?: string;
  purge?: boolean;
  force?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('down')
    .description('stop the emulator; its data stays')
    .option('--purge', 'delete its data too, after a confirmation')
    .option('-f, --force', 'delete without asking');
  addDataFlag(command).action((flags: DownFlags) => withExitCodes(() => down(flags)));
  explain(command, {
    examples: ['dynats down', ['dynats down --purge -f', 'delete its data, without asking']],
  });
}

async function down(flags: DownFlags): Promise<void> {
  const dataDir = resolveDataDir(flags.data);
  // Asked first: somebody who says no keeps a running emulator.
  if (flags.purge === true && flags.force !== true) await confirmPurge(dataDir);
  note(
    await during('stopping', activity => {
      activity.interrupted = () => 'the emulator goes on stopping: dynats down again waits for it';
      return stop(dataDir);
    }),
  );
  if (flags.purge !== true) return;
  const { purge } = await import('../../emulator/purge.js');
  purge(dataDir);
  note(`Deleted the data in ${dataDir}.`);
}

async function stop(dataDir: string): Promise<string> {
  const { stopEmulator, supervisorOf } = await import('../../emulator/control-client.js');
  const pid = supervisorOf(dataDir);
  if (pid !== undefined) {
    await stopEmulator(dataDir);
    return `Stopped the emulator on ${dataDir} (pid ${pid}).`;
  }
  const { endAbandoned } = await import('../../emulator/abandoned.js');
  const ended = await endAbandoned(dataDir);
  return ended === 0
    ? `No emulator runs on ${dataDir}.`
    : `Ended ${ended} processes left on ${dataDir} by an emulator that was killed.`;
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
