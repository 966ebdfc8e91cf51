// `dynats resume`: SIGCONT to a paused node of the emulator.

import type { Command } from 'commander';
import { during } from '../activity.js';
import { resolveDataDir } from '../data-dir.js';
import { explain } from '../help-text.js';
import { addDoneFlags, type DoneFlags, endedLine, printDone, withExitCodes } from './emulator-command.js';

export function register(program: Command): void {
  const command = program.command('resume <node>').description('let a paused node go on (SIGCONT)');
  addDoneFlags(command).action((node: string, flags: DoneFlags) =>
    withExitCodes(() =>
      during('waiting for the emulator', async activity => {
        activity.interrupted = () => 'the node goes on all the same';
        const { control } = await import('../../emulator/control-client.js');
        const ended = await control(resolveDataDir(flags.data), 'resume', { node });
        printDone(flags, { node, done: ended, line: endedLine(node, 'resumed', ended) });
      }),
    ),
  );
  explain(command, { examples: ['dynats resume n2'] });
}
