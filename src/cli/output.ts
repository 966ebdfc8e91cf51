// What is printed and how: data to stdout, all else to stderr, decoration on a terminal only.
import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours for a stream: none when it is no terminal, or NO_COLOR is set, or TERM=dumb. */
export function colorsFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Colors {
  return pc.createColors(stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb');
}

/** What a terminal would obey or a reader be misled by: controls, bidirectional overrides, line separators, lone surrogates. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;
const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const name = named[char];
  if (name !== undefined) return name;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** `text` on one line, with nothing in it that a terminal would obey. For keys and table cells. */
export function visible(text: string): string {
  return text.replace(unsafe, escaped);
}

/** As `visible`, but line breaks and tabs stay. For values shown on their own. */
export function visibleLines(text: string): string {
  return text.replace(unsafe, char => (char === '\n' || char === '\t' ? char : escaped(char)));
}

export interface Table {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A table for a terminal; otherwise a header line and tab-separated rows. Cells hold no raw control characters. */
export async function printTable(
  table: Table,
  stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number } = process.stdout,
) {
  if (stream.isTTY !== true) return void stream.write(tabSeparated(table));
  const wide = await drawn(table, colorsFor(stream), 1);
  const fits = wide
    .split('\n')
    .every(line => stripped(line).length <= (stream.columns || Number.POSITIVE_INFINITY));
  stream.write(fits ? wide : await drawn(table, colorsFor(stream), 0));
}

export function tabSeparated({ head, rows }: Table): string {
  return [head, ...rows].map(row => `${row.map(visible).join('\t')}\n`).join('');
}

/** Without the sequences that colour it. */
function stripped(line: string): string {
  return line.replace(/\u001b\[[0-9;]*m/g, '');
}

/** @param padding blanks on either side of a cell. */
async function drawn({ head, rows }: Table, colors: Colors, padding: 0 | 1): Promise<string> {
  const { default: CliTable } = await import('cli-table3');
  const table = new CliTable({
    head: head.map(cell => colors.bold(cell)),
    style: { head: [], border: [], compact: true, 'padding-left': padding, 'padding-right': padding },
  });
  for (const row of rows) table.push(row.map(visible));
  return `${table.toString()}\n`;
}

/** `1 key`, `2 keys`, `3 entries`. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith('y') && noun !== 'key' ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

/** One JSON document on one line of stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** A line of data on stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A line for the person on stderr: progress, notes, warnings. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The one line of a failure, on stderr. Line breaks in it are escaped, so that it stays one. */
export function errorLine(line: string): void {
  const colors = colorsFor(process.stderr);
  process.stderr.write(`${colors.red('dynats:')} ${visible(line)}\n`);
}
