// What the help of every command says beyond its options, and how options tell their defaults.
import type { Command, HelpConfiguration, Option } from 'commander';

/** A line to type, or the line with a remark that stands before it. */
export type Example = string | readonly [line: string, remark: string];

export interface HelpText {
  /** Paragraphs between the options and the examples; wrapped here, but lines that begin with a space are kept. */
  notes?: string;
  /** At least one. Each begins with `dynats`, or is a shell line that has it. */
  examples: readonly Example[];
}

/** Nobody's terminal is narrower, and longer lines read worse. */
const columns = 80;

/** Puts notes and examples at the end of the command's help. Man pages and docs/CLI.md read them from there. */
export function explain(command: Command, { notes, examples }: HelpText): Command {
  const lines = examples.flatMap(example =>
    typeof example === 'string' ? [`  ${example}`] : [`  # ${example[1]}`, `  ${example[0]}`],
  );
  const before = notes === undefined ? '' : `\n${notes.split('\n').map(wrapped).join('\n')}\n`;
  return command.addHelpText('after', `${before}\nExamples:\n${lines.join('\n')}`);
}

function wrapped(paragraph: string): string {
  if (paragraph.startsWith(' ')) return paragraph;
  const lines: string[] = [''];
  for (const word of paragraph.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length < columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** For every command of the tree: defaults as they are typed, without quotes. */
export const helpStyle: HelpConfiguration = {
  optionDescription: (option: Option) => `${option.description}${defaultOf(option)}`,
};

function defaultOf({ defaultValue, defaultValueDescription, required, optional }: Option): string {
  const takesValue = required || optional;
  if (!takesValue || defaultValue === undefined || Array.isArray(defaultValue)) return '';
  return ` (default: ${defaultValueDescription ?? String(defaultValue)})`;
}
