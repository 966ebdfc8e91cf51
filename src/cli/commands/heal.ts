// `dynats heal`: lets links between nodes of the emulator that were cut pass again.
import type { Command } from 'commander';
import { resolveDataDir } from '../data-dir.js';
import { explain } from '../help-text.js';
import { addDoneFlags, type DoneFlags, linkedLine, printDone, withExitCodes } from './emulator-command.js';

export function register(program: Command): void {
  const command = program
    .command('heal [node] [others...]')
    .description('let links that were cut pass again: all, those of a node, or those between it and others');
  addDoneFlags(command).action((node: string | undefined, others: string[], flags: DoneFlags) =>
    withExitCodes(async () => {
      const { control } = await import('../../emulator/control-client.js');
      const wanted = node === undefined ? {} : { node, others };
      const linked = await control(resolveDataDir(flags.data), 'heal', wanted);
      printDone(flags, { done: linked, line: linkedLine('healed', linked) });
    }),
  );
  explain(command, {
    examples: [['dynats heal', 'all links'], 'dynats heal n1 n2'],
  });
}
