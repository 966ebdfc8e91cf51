// How one copy of a record is shown: as JSON, as cells for a program, as cells for a person.
import type { WireRecord } from '../../wire/generated/types.js';
import { visible } from '../output.js';
import { shown } from '../value.js';

/** Characters of a value shown in a table. */
const valueWidth = 48;

/** One line of `inspect --json`. */
export function recordJson(node: string, record: WireRecord): Record<string, unknown> {
  const { key, value, base64, deleted, time, writer, expiresAt } = record;
  return {
    node,
    key,
    ...(value === undefined ? {} : { value }),
    ...(base64 === undefined ? {} : { base64 }),
    time,
    writer,
    deleted: deleted === true,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

export const recordHead = ['node', 'key', 'value', 'time', 'writer'] as const;

/** For a program: nothing cut off, time in microseconds. A tombstone has the value `(deleted)`. */
export function recordCells(node: string, record: WireRecord): string[] {
  return [node, record.key, cellValue(record), String(record.time), record.writer];
}

/** For a person: values cut off, times readable. */
export function readableCells(node: string, record: WireRecord): string[] {
  const { key, expiresAt } = record;
  // What has expired is still on its owners, though no read finds it.
  const end = expiresAt === undefined ? '' : ` (lives until ${readableTime(expiresAt).slice(0, -7)})`;
  return [node, cut(visible(key)), cut(cellValue(record)) + end, readableTime(record.time), record.writer];
}

function cellValue(record: WireRecord): string {
  return record.deleted === true ? '(deleted)' : shown(record);
}

function cut(text: string): string {
  const characters = [...text.slice(0, 2 * valueWidth + 1)];
  return characters.length <= valueWidth ? text : `${characters.slice(0, valueWidth - 1).join('')}…`;
}

/** Microseconds since 1970 as UTC, to the microsecond. */
export function readableTime(time: number): string {
  const ms = Math.floor(time / 1000);
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(time);
  return date
    .toISOString()
    .replace('T', ' ')
    .replace('Z', String(time - ms * 1000).padStart(3, '0'));
}
