// The help of every command as data, read from the commands themselves, for man pages and docs/CLI.md.
import type { Command, Help } from 'commander';

export interface Term {
  term: string;
  description: string;
}

export interface Section {
  heading: string;
  items: Term[];
}

export interface ShownExample {
  line: string;
  remark: string | undefined;
}

/** One command. */
export interface Page {
  /** Names from below `dynats` to the command: `['bucket', 'create']`; none for `dynats` itself. */
  path: string[];
  aliases: readonly string[];
  description: string;
  usage: string;
  arguments: Term[];
  /** Of options, by heading; the connection flags last. */
  options: Section[];
  /** Of subcommands, by heading. */
  commands: Section[];
  notes: string;
  examples: ShownExample[];
}

/** `dynats` and every command below it that help shows, each before its subcommands. */
export function pagesOf(program: Command): Page[] {
  return tree(program, []);
}

function tree(command: Command, path: string[]): Page[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command).filter(each => each.name() !== 'help');
  return [pageOf(command, help, path), ...subcommands.flatMap(each => tree(each, [...path, each.name()]))];
}

function pageOf(command: Command, help: Help, path: string[]): Page {
  const { notes, examples } = afterHelp(command);
  return {
    path,
    aliases: command.aliases(),
    description: command.description(),
    usage: ['dynats', ...path, command.usage()].filter(word => word !== '').join(' '),
    arguments: help.visibleArguments(command).map(argument => ({
      term: help.argumentTerm(argument),
      description: help.argumentDescription(argument),
    })),
    options: sections(
      help.visibleOptions(command).map(option => ({
        heading: option.helpGroupHeading ?? 'Options:',
        item: { term: help.optionTerm(option), description: help.optionDescription(option) },
      })),
    ),
    commands: sections(
      help.visibleCommands(command).map(each => ({
        heading: each.helpGroup() || 'Commands:',
        item: { term: help.subcommandTerm(each), description: help.subcommandDescription(each) },
      })),
    ),
    notes,
    examples,
  };
}

function sections(entries: readonly { heading: string; item: Term }[]): Section[] {
  const headings = [...new Set(entries.map(({ heading }) => heading))];
  return headings.map(heading => ({
    heading: heading.replace(/:$/, ''),
    items: entries.filter(each => each.heading === heading).map(({ item }) => item),
  }));
}

/** What `addHelpText('after', ...)` adds, whoever added it: text, then a list under "Example:" or "Examples:". */
export function afterHelp(command: Command): { notes: string; examples: ShownExample[] } {
  const parts: string[] = [];
  // An emitter it is; only its types do not say so.
  const emitter = command as unknown as NodeJS.EventEmitter;
  emitter.emit('afterHelp', { error: false, command, write: (part: string) => parts.push(part) });
  const lines = parts.join('').split('\n');
  const at = lines.findIndex(line => /^Examples?:$/.test(line));
  const head = at === -1 ? lines : lines.slice(0, at);
  const list = at === -1 ? [] : lines.slice(at + 1);
  const end = list.findIndex(line => !line.startsWith('  '));
  const shown = end === -1 ? list : list.slice(0, end);
  const rest = end === -1 ? [] : list.slice(end);
  return { notes: [...head, ...rest].join('\n').trim(), examples: examplesIn(shown) };
}

/** `  # remark` goes with the line after it. */
function examplesIn(lines: readonly string[]): ShownExample[] {
  const examples: ShownExample[] = [];
  let remark: string | undefined;
  for (const line of lines.map(each => each.trim())) {
    if (line.startsWith('#')) remark = line.slice(1).trim();
    else {
      examples.push({ line, remark });
      remark = undefined;
    }
  }
  return examples;
}
