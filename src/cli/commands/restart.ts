// `dynats restart`: starts whatever of a node of the emulator does not run.

import type { Command } from 'commander';
import { listOf } from '../../emulator/part.js';
import type { Restarted } from '../../emulator/report.js';
import { formatElapsed } from '../../model/duration.js';
import { during } from '../activity.js';
import { resolveDataDir } from '../data-dir.js';
import { explain } from '../help-text.js';
import { addDoneFlags, type DoneFlags, printDone, withExitCodes } from './emulator-command.js';

export function register(program: Command): void {
  const command = program
    .command('restart <node>')
    .description('start a killed node again, or the part of it that is missing');
  addDoneFlags(command).action((node: string, flags: DoneFlags) =>
    withExitCodes(() =>
      during('waiting for the emulator', async activity => {
        activity.interrupted = () => 'the emulator goes on with it: dynats status';
        const { control } = await import('../../emulator/control-client.js');
        const restarted = await control(resolveDataDir(flags.data), 'restart', { node });
        printDone(flags, { node, done: restarted, line: restartedLine(node, restarted) });
      }),
    ),
  );
  explain(command, { examples: ['dynats restart n1'] });
}

export function restartedLine(node: string, { parts, state, reason, tookMs }: Restarted): string {
  const now =
    state === 'serving'
      ? 'serves again'
      : `is ${state}${reason === undefined ? '' : ` (${reason})`}, and takes writes,`;
  return `${node}: started ${listOf(parts)}; ${now} after ${formatElapsed(tookMs)}`;
}
