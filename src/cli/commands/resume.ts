// `dynats resume`: SIGCONT to a paused node of the emulator.

import type { Command } from 'commander';
import { during } from '../activity.js';
import { resolveDataDir } from '../data-dir.js';
import { explain } from '../help-text.js';
import { print } from '../output.js';
import { addDataFlag, endedLine, withExitCodes } from './emulator-command.js';

export function register(program: Command): void {
  const command = program.command('resume <node>').description('let a paused node go on (SIGCONT)');
  addDataFlag(command).action((node: string, flags: { data?: string }) =>
    withExitCodes(() =>
      during('waiting for the emulator', async activity => {
        activity.interrupted = () => 'the node goes on all the same';
        const { control } = await import('../../emulator/control-client.js');
        print(endedLine(node, 'resumed', await control(resolveDataDir(flags.data), 'resume', { node })));
      }),
    ),
  );
  explain(command, { examples: ['dynats resume n2'] });
}
