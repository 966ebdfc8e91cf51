// dynats man: the manual page of a command, in man where there is one.

import type { Command } from 'commander';
import { VERSION } from '../../version.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { didYouMean } from '../suggest.js';

interface ManFlags {
  format: string;
}

export function register(program: Command): void {
  const command = program
    .command('man')
    .description('show the manual page of a command')
    .argument('[command...]', 'the command, such as: bucket create; none: dynats itself')
    .option(
      '--format <view|roff|markdown>',
      'view: in man; roff: the page for man; markdown: all commands',
      'view',
    )
    .action((path: string[], flags: ManFlags) => manual(program, path, flags));
  explain(command, {
    examples: [
      'dynats man put',
      'dynats man bucket create',
      ['dynats man put --format roff > dynats-put.1', 'for a package'],
      ['dynats man --format markdown', 'the reference in docs/CLI.md'],
    ],
  });
}

async function manual(program: Command, path: readonly string[], { format }: ManFlags): Promise<void> {
  const [{ pagesOf }, { roffOf }, { isConnection, markdownOf }] = await Promise.all([
    import('../manual/page.js'),
    import('../manual/roff.js'),
    import('../manual/markdown.js'),
  ]);
  const pages = pagesOf(program);
  if (format === 'markdown') return void process.stdout.write(markdownOf(pages));
  if (format !== 'roff' && format !== 'view')
    throw new CliError(ExitCode.Usage, `--format "${format}" is none of view, roff, markdown`);
  const page = pages.find(each => each.path.join(' ') === path.join(' '));
  if (page === undefined)
    throw new CliError(
      ExitCode.Usage,
      `there is no command "${path.join(' ')}": dynats --help lists them${didYouMean(
        path.join(' '),
        pages.map(each => each.path.join(' ')),
      )}`,
    );
  if (page.path.length === 0) {
    const connection = pages.flatMap(each => each.options).find(isConnection);
    if (connection !== undefined) page.options.push(connection);
  }
  const connection = 'The flags of the connection are those of the nats CLI: see dynats(1).';
  const roff = roffOf(page, { version: VERSION, connection });
  if (format === 'roff' || !process.stdout.isTTY) return void process.stdout.write(roff);
  if (!(await viewed(roff))) plain(program, path);
}

/** False where there is no man that reads a page from its input. */
async function viewed(roff: string): Promise<boolean> {
  const { spawn } = await import('node:child_process');
  const man = spawn('man', ['-l', '-'], { stdio: ['pipe', 'inherit', 'ignore'] });
  man.stdin.on('error', () => {}); // It has ended without reading.
  man.stdin.end(roff);
  return new Promise(resolve => {
    man.once('error', () => resolve(false));
    man.once('close', code => resolve(code === 0));
  });
}

function plain(program: Command, path: readonly string[]): void {
  const command = path.reduce<Command | undefined>(
    (at, name) => at?.commands.find(each => each.name() === name),
    program,
  );
  command?.outputHelp();
}
