// Lays out a table for a terminal of some width: with lines, else without, else with fewer columns, else wrapped.
import CliTable from 'cli-table3';
import type { Colors, Table } from './output.js';
import { visible } from './output.js';

/** No lines: two spaces between columns, as nodetool and kubectl have it. */
const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};
const gap = 2;
/** A column is not made narrower than this; then lines may wrap. */
const columnMin = 12;

export interface Layout {
  colors: Colors;
  /** Characters in a line of the terminal. */
  columns: number;
}

export function drawTable(table: Table, { colors, columns }: Layout): string {
  const lined = drawn(table, { colors, isBare: false });
  if (widthOf(lined) <= columns) return lined;
  let left = table;
  for (const name of [undefined, ...(table.spare ?? [])]) {
    left = name === undefined ? left : without(left, name);
    const text = drawn(left, { colors, isBare: true });
    if (widthOf(text) <= columns) return text;
  }
  return drawn(left, { colors, isBare: true, widths: fitted(left, columns) });
}

function without({ head, rows }: Table, name: string): Table {
  const at = head.indexOf(name);
  if (at === -1) return { head, rows };
  const keep = (row: readonly string[]) => row.filter((_, i) => i !== at);
  return { head: keep(head), rows: rows.map(keep) };
}

interface Drawing {
  colors: Colors;
  isBare: boolean;
  widths?: number[] | undefined;
}

function drawn({ head, rows }: Table, { colors, isBare, widths }: Drawing): string {
  const table = new CliTable({
    head: head.map(cell => colors.bold(cell)),
    style: {
      head: [],
      border: [],
      compact: true,
      ...(isBare ? { 'padding-left': 0, 'padding-right': 0 } : {}),
    },
    ...(isBare ? { chars: bare } : {}),
    ...(widths === undefined ? {} : { colWidths: widths, wordWrap: true, wrapOnWordBoundary: true }),
  });
  for (const row of rows) table.push(row.map(visible));
  const lines = table.toString().split('\n');
  return `${lines.map(line => line.trimEnd()).join('\n')}\n`;
}

/** As the terminal counts them: what sets colours has no width. */
function widthOf(text: string): number {
  return Math.max(...text.split('\n').map(line => columnsOf(line)));
}

function columnsOf(line: string): number {
  const plain = line.replace(/\u001b\[[0-9;]*m/g, '');
  return [...plain].reduce((sum, char) => sum + (isWide(char) ? 2 : 1), 0);
}

/** East Asian wide characters and most emoji. */
function isWide(char: string): boolean {
  return /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
    char,
  );
}

/** The widest columns give way until all fit; undefined when they cannot. */
function fitted({ head, rows }: Table, columns: number): number[] | undefined {
  const widths = head.map((cell, i) =>
    Math.max(...[cell, ...rows.map(row => visible(row[i] ?? ''))].map(columnsOf)),
  );
  const room = columns - gap * (widths.length - 1);
  for (;;) {
    const over = widths.reduce((sum, width) => sum + width, 0) - room;
    if (over <= 0) return widths;
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= columnMin) return undefined;
    widths[widest] = Math.max(columnMin, width - over);
  }
}
