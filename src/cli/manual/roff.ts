// A command's manual page, as man(1) reads it.
import type { Page, Section, Term } from './page.js';

/** @param version of the package; it stands at the foot of the page. */
export function roffOf(page: Page, { version, connection }: { version: string; connection: string }): string {
  const name = ['dynats', ...page.path].join('-');
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "dynats ${version}" "Dynats manual"`,
    '.SH NAME',
    `${text(name)} \\- ${text(page.description)}`,
    '.SH SYNOPSIS',
    `.B ${text(page.usage)}`,
    ...(page.aliases.length === 0 ? [] : ['.PP', `Also: ${text(page.aliases.join(', '))}`]),
    ...section({ heading: 'Arguments', items: page.arguments }),
    ...page.commands.flatMap(section),
    ...page.options.flatMap(options =>
      options.heading.startsWith('Connection') && page.path.length > 0
        ? ['.SH CONNECTION', text(connection)]
        : section(options),
    ),
    ...(page.notes === '' ? [] : ['.SH NOTES', ...page.notes.split('\n').map(noteLine)]),
    '.SH EXAMPLES',
    ...page.examples.flatMap(({ line, remark }) => [
      '.PP',
      ...(remark === undefined ? [] : [`${text(remark)}:`]),
      '.nf',
      '.RS 4',
      text(line),
      '.RE',
      '.fi',
    ]),
    ...(page.path.length === 0 ? [] : ['.SH SEE ALSO', '.BR dynats (1)']),
  ];
  return `${lines.join('\n')}\n`;
}

function section({ heading, items }: Section): string[] {
  if (items.length === 0) return [];
  return [`.SH ${text(heading.toUpperCase())}`, ...items.flatMap(item)];
}

function item({ term, description }: Term): string[] {
  return ['.TP', `.B ${text(term)}`, text(description)];
}

/** A line of its own stays one when it was indented. */
function noteLine(line: string): string {
  if (line.trim() === '') return '.PP';
  return line.startsWith(' ') ? `.br\n${text(line.trim())}` : text(line);
}

/** Nothing in it is a request or an escape; dashes stay what can be copied into a shell. */
function text(plain: string): string {
  const escaped = plain.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
