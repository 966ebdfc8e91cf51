// dynats learn: a walk of ten minutes through what the store does, on a cluster of its own.
import { type Command, Option } from 'commander';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';

interface LearnFlags {
  lesson?: string;
  auto?: boolean;
  list?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('learn')
    .description('a walk of ten minutes: you type, a cluster of its own answers, and each step is checked')
    .addOption(new Option('--lesson <n>', 'begin with this lesson; 3-5 ends after the fifth (default: 1)'))
    .option('--auto', 'play it through without a person, and fail where it does not go as told')
    .option('--list', 'the lessons, and nothing else')
    .action(learn);
  explain(command, {
    notes:
      'Nothing of yours is touched: the four nodes of the walk have ports and a directory of their own, and are gone with it. In it: hint, skip, back, list, lesson <n>, quit; Ctrl-C ends it at any time.',
    examples: [
      ['dynats learn', 'from the beginning'],
      ['dynats learn --lesson 4', 'go on with the fourth lesson'],
      ['dynats learn --auto', 'watch it'],
    ],
  });
}

async function learn(flags: LearnFlags): Promise<void> {
  const { lessons } = await import('../learn/lessons/all.js');
  const { listed } = await import('../learn/walk.js');
  const { print } = await import('../output.js');
  if (flags.list === true) return print(listed(lessons).join('\n'));
  const range = rangeOf(flags.lesson, lessons.length);
  if (flags.auto !== true && !(process.stdin.isTTY && process.stdout.isTTY))
    throw new CliError(
      ExitCode.Usage,
      'learn is a conversation and needs a terminal: --auto plays it through without one',
    );
  const { runWalk } = await import('../learn/run.js');
  await runWalk({ lessons, ...range, isAuto: flags.auto === true });
}

function rangeOf(text: string | undefined, count: number): { first: number; last: number } {
  if (text === undefined) return { first: 1, last: count };
  const [, from = '', to] = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(text) ?? [];
  const first = Number(from);
  const last = to === undefined ? count : Number(to);
  if (first >= 1 && first <= last && last <= count) return { first, last };
  throw new CliError(
    ExitCode.Usage,
    `--lesson "${text}" must be a lesson from 1 to ${count}, as 3, or a range, as 3-5: dynats learn --list shows them`,
  );
}
