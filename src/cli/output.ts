// What is printed and how: data to stdout, all else to stderr, decoration on a terminal only.
import pc from 'picocolors';
import { isQuiet } from './quiet.js';
import { hideStatusLine } from './status-line.js';
import { jsonLine, visible, visibleLines } from './visible.js';

export { jsonLine, visible, visibleLines };

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours for a stream: none when it is no terminal, or NO_COLOR is set, or TERM=dumb. */
export function colorsFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Colors {
  return pc.createColors(stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb');
}

export interface Table {
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** Heads of columns that a narrow terminal does without, the first to go first. */
  spare?: readonly string[];
}

/** Of a terminal that does not say how wide it is. */
const columnsDefault = 80;

/** A table for a terminal; otherwise a header line and tab-separated rows. Cells hold no raw control characters. */
export async function printTable(
  table: Table,
  stream: NodeJS.WritableStream & { isTTY?: boolean; columns?: number } = process.stdout,
) {
  hideStatusLine();
  if (stream.isTTY !== true) return void stream.write(tabSeparated(table));
  const { drawTable } = await import('./table.js');
  stream.write(drawTable(table, { colors: colorsFor(stream), columns: stream.columns || columnsDefault }));
}

export function tabSeparated({ head, rows }: Table): string {
  return [head, ...rows].map(row => `${row.map(visible).join('\t')}\n`).join('');
}

/** `1 key`, `2 keys`, `3 entries`. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith('y') && noun !== 'key' ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

/** One JSON document on one line of stdout. */
export function printJson(value: unknown): void {
  hideStatusLine();
  process.stdout.write(`${jsonLine(value)}\n`);
}

/** A line of data on stdout. */
export function print(line: string): void {
  hideStatusLine();
  process.stdout.write(`${line}\n`);
}

/** A line for the person on stderr: progress, what was done. Not with --quiet. */
export function note(line: string): void {
  if (!isQuiet()) warn(line);
}

/** A line on stderr about what went wrong while the command goes on. */
export function warn(line: string): void {
  hideStatusLine();
  process.stderr.write(`${line}\n`);
}

/** The one line of a failure, on stderr. Line breaks in it are escaped, so that it stays one. */
export function errorLine(line: string): void {
  hideStatusLine();
  const colors = colorsFor(process.stderr);
  process.stderr.write(`${colors.red('dynats:')} ${visible(line)}\n`);
}
