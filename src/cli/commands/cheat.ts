// dynats cheat: everything on one page.
import type { Command } from 'commander';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { colorsFor, print } from '../output.js';
import { didYouMean } from '../suggest.js';

export function register(program: Command): void {
  const command = program
    .command('cheat')
    .description('a cheat sheet: what one types most, by topic')
    .argument('[topic]', 'start, data, levels, buckets, faults, insight, files or connect (default: all)')
    .action(cheat);
  explain(command, { examples: ['dynats cheat', 'dynats cheat levels'] });
}

async function cheat(name: string | undefined): Promise<void> {
  const { topics } = await import('../cheat/sheet.js');
  const shown = name === undefined ? topics : topics.filter(topic => topic.name === name);
  if (shown.length === 0) {
    const names = topics.map(topic => topic.name);
    throw new CliError(
      ExitCode.Usage,
      `there is no topic ${name}: there are ${names.join(', ')}${didYouMean(name ?? '', names)}`,
    );
  }
  const colors = colorsFor(process.stdout);
  const width = Math.max(...topics.flatMap(topic => topic.lines.map(line => short(line).length)));
  for (const [i, { about, lines }] of shown.entries()) {
    print(`${i === 0 ? '' : '\n'}${colors.bold(about)}`);
    for (const line of lines) print(`  ${withRemark(line, width, colors.dim)}`);
  }
}

/** Only lines that leave room for a remark beside them decide where remarks stand. */
function short(line: string | readonly [string, string]): string {
  const text = typeof line === 'string' ? line : line[0];
  return text.length <= 44 ? text : '';
}

function withRemark(
  line: string | readonly [string, string],
  width: number,
  dim: (text: string) => string,
): string {
  if (typeof line === 'string') return line;
  const [text, remark] = line;
  return `${text.padEnd(width)}  ${dim(`# ${remark}`)}`;
}
