// `dynats cut`: cuts the links between nodes of the emulator: they run and do not hear each other.
import type { Command } from 'commander';
import { resolveDataDir } from '../data-dir.js';
import { explain } from '../help-text.js';
import { addDoneFlags, type DoneFlags, linkedLine, printDone, withExitCodes } from './emulator-command.js';

interface CutFlags extends DoneFlags {
  oneWay?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('cut <node> [others...]')
    .description(
      'cut the links between a node and others, or all others: they run and do not hear each other',
    )
    .option('--one-way', 'only what the node sends is lost; what the others send still arrives');
  addDoneFlags(command).action((node: string, others: string[], flags: CutFlags) =>
    withExitCodes(async () => {
      const { control } = await import('../../emulator/control-client.js');
      const oneWay = flags.oneWay === true;
      const linked = await control(resolveDataDir(flags.data), 'cut', { node, others, oneWay });
      printDone(flags, { done: linked, line: linkedLine('cut', linked) });
    }),
  );
  explain(command, {
    notes:
      'The emulator must have been started with links that can be cut (dynats up --links). What is sent over a cut link waits, as when packets are lost, and goes through when the link is healed.',
    examples: [
      ['dynats cut n1 n2', 'n1 and n2 do not hear each other; both hear all others'],
      ['dynats cut n1', 'n1 is alone'],
      ['dynats cut n1 n2 --one-way', 'n2 does not hear n1'],
      'dynats heal',
    ],
  });
}
