// An option that a command does not have: said with those it has, and with what does the job instead.
import type { Command } from 'commander';
import { didYouMean } from './suggest.js';

/** What people look for, by what they typed, and what there is in its place. */
const instead: Readonly<Record<string, string>> = {
  'top --json': 'dynats status --json has the figures for programs',
  'bench --rate':
    '--concurrency sets the load: as many operations are always under way, each as fast as it is answered',
  'bench --threads': '--concurrency is the number of operations under way',
  'bench --clients': '--concurrency is the number of operations under way',
};

/** The line for a person: the nearest of the command's options, or all that are its own. */
export function unknownOption(command: Command, flag: string): string {
  const said = `unknown option '${flag}'`;
  const name = flag.replace(/=.*/s, '');
  const other = instead[`${command.name()} ${name}`];
  if (other !== undefined) return `${said}: ${other}`;
  const meant = didYouMean(
    name,
    longFlags(command, () => true),
  );
  if (meant !== '') return said + meant;
  // Of the whole program that would be --version only.
  if (command.parent === null) return said;
  const own = longFlags(command, heading => heading === undefined);
  if (own.length === 0) return said;
  return `${said}: ${command.name()} has ${own.join(', ')}`;
}

/** Those of a heading; options without one are the command's own, not those of every connection. */
function longFlags(command: Command, isWanted: (heading: string | undefined) => boolean): string[] {
  return command.options.flatMap(({ long, helpGroupHeading, hidden }) =>
    long !== undefined && !hidden && isWanted(helpGroupHeading) ? [long] : [],
  );
}
