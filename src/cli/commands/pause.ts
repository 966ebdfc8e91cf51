// `dynats pause`: SIGSTOP to a node of the emulator: it hangs, as a frozen machine or a cut cable would have it.

import type { Command } from 'commander';
import { during } from '../activity.js';
import { resolveDataDir } from '../data-dir.js';
import { explain } from '../help-text.js';
import { addDoneFlags, type DoneFlags, endedLine, printDone, withExitCodes } from './emulator-command.js';

export function register(program: Command): void {
  const command = program
    .command('pause <node>')
    .description('freeze a node (SIGSTOP): it hangs without being gone, until resume');
  addDoneFlags(command).action((node: string, flags: DoneFlags) =>
    withExitCodes(() =>
      during('waiting for the emulator', async activity => {
        activity.interrupted = () => 'the node is frozen all the same';
        const { control } = await import('../../emulator/control-client.js');
        const ended = await control(resolveDataDir(flags.data), 'pause', { node });
        printDone(flags, { node, done: ended, line: endedLine(node, 'paused', ended) });
      }),
    ),
  );
  explain(command, { examples: ['dynats pause n2'] });
}
