// `dynats pause`: SIGSTOP to a node of the emulator: it hangs, as a frozen machine or a cut cable would have it.

import type { Command } from 'commander';
import { during } from '../activity.js';
import { resolveDataDir } from '../data-dir.js';
import { explain } from '../help-text.js';
import { print } from '../output.js';
import { addDataFlag, endedLine, withExitCodes } from './emulator-command.js';

export function register(program: Command): void {
  const command = program
    .command('pause <node>')
    .description('freeze a node (SIGSTOP): it hangs without being gone, until resume');
  addDataFlag(command).action((node: string, flags: { data?: string }) =>
    withExitCodes(() =>
      during('waiting for the emulator', async activity => {
        activity.interrupted = () => 'the node is frozen all the same';
        const { control } = await import('../../emulator/control-client.js');
        print(endedLine(node, 'paused', await control(resolveDataDir(flags.data), 'pause', { node })));
      }),
    ),
  );
  explain(command, { examples: ['dynats pause n2'] });
}
