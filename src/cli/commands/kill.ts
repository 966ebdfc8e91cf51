// `dynats kill`: SIGKILL to a node of the emulator, or to a part of it.

import type { Command } from 'commander';
import { parts as allParts, type Part } from '../../emulator/part.js';
import { during } from '../activity.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { addDoneFlags, type DoneFlags, endedLine, printDone, withExitCodes } from './emulator-command.js';

interface KillFlags extends DoneFlags {
  replicaOnly?: boolean;
  logOnly?: boolean;
  busOnly?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('kill <node>')
    .description('kill -9 a node: its bus server, log broker and replica, or one of them')
    .option('--replica-only', 'only the replica process')
    .option('--log-only', 'only the log broker')
    .option('--bus-only', 'only the bus server: the node stays reachable through the others');
  addDoneFlags(command).action((node: string, flags: KillFlags) =>
    withExitCodes(() =>
      during('waiting for the emulator', async activity => {
        activity.interrupted = () => 'the node is killed all the same';
        const { control } = await import('../../emulator/control-client.js');
        const part = onlyPart(flags);
        const ended = await control(resolveDataDir(flags.data), 'kill', {
          node,
          ...(part === undefined ? {} : { parts: [part] }),
        });
        printDone(flags, { node, done: ended, line: endedLine(node, 'killed', ended) });
      }),
    ),
  );
  explain(command, {
    examples: [
      'dynats kill n1',
      ['dynats kill n1 --bus-only', 'the node stays reachable through the others'],
      ['dynats kill n1 --json | jq .tookMs', 'when the others noticed, in milliseconds'],
      'dynats kill n1 && dynats status && dynats restart n1',
    ],
  });
}

function onlyPart(flags: KillFlags): Part | undefined {
  const chosen = { bus: flags.busOnly, log: flags.logOnly, replica: flags.replicaOnly };
  const [part, ...more] = allParts.filter(each => chosen[each] === true);
  if (more.length > 0)
    throw new CliError(
      ExitCode.Usage,
      'give one of --replica-only, --log-only and --bus-only, or none for all',
    );
  return part;
}
