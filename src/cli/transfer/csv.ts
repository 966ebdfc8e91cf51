// CSV with a header row: columns key and value (and base64, for bytes, and expiresAt), or those that are named.
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { CliError, ExitCode } from '../exit.js';
import {
  decodedBase64,
  type Entry,
  type FieldNames,
  mortal,
  type Parsed,
  type Problem,
  problem,
} from './entry.js';

/** A record larger than this is refused, so that a stray quote does not read the whole file into memory. */
const recordCharsMax = 4 * 1024 * 1024;

interface Row {
  record: Record<string, string>;
  info: { lines: number; bytes: number };
}

/** Rows that cannot be parsed come as problems; the rest goes on. */
export async function* csvEntries(
  stream: AsyncIterable<Buffer | string>,
  names: FieldNames,
): AsyncGenerator<Parsed> {
  const problems: Parsed[] = [];
  let header: readonly string[] = [];
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: recordCharsMax,
    skip_empty_lines: true,
    skip_records_with_error: true,
    columns: (columns: string[]) => {
      header = checkedHeader(columns, names);
      return columns;
    },
    on_skip: (error, raw) => {
      const lines = Number(error?.['lines'] ?? 0);
      problems.push({
        ...problem(lines, error?.message ?? 'not valid CSV', raw ?? ''),
        bytesRead: Number(error?.['bytes'] ?? 0),
      });
      return undefined;
    },
  });
  const source = Readable.from(stream, { objectMode: false });
  source.once('error', error => parser.destroy(error));
  try {
    for await (const row of source.pipe(parser) as AsyncIterable<Row>) {
      // The parser is some rows ahead: entries come in the order of the file, which a checkpoint counts on.
      while (problems[0] !== undefined && problems[0].line < row.info.lines) yield* problems.splice(0, 1);
      yield { ...entryOfRow(row.record, row.info.lines, header, names), bytesRead: row.info.bytes };
    }
    yield* problems.splice(0);
  } finally {
    source.destroy();
  }
}

function checkedHeader(
  columns: readonly string[],
  { keyField = 'key', valueField }: FieldNames,
): readonly string[] {
  const found = columns.map(column => JSON.stringify(column.slice(0, 40))).join(', ');
  const missing = [keyField, ...(valueField === undefined ? [] : [valueField])].find(
    column => !columns.includes(column),
  );
  if (missing !== undefined)
    throw new CliError(
      ExitCode.Usage,
      `the CSV has no column "${missing}" (it has ${found}): name yours with --key-field and --value-field`,
    );
  return columns;
}

function entryOfRow(
  record: Record<string, string>,
  line: number,
  header: readonly string[],
  names: FieldNames,
): Entry | Problem {
  const raw = JSON.stringify(record);
  const key = record[names.keyField ?? 'key'] ?? '';
  if (key === '') return problem(line, `${names.keyField ?? 'key'} is empty`, raw);
  if (names.valueField !== undefined) return { line, key, value: record[names.valueField] ?? '' };
  if (names.keyField !== undefined) return { line, key, value: raw };
  const cell = (column: string) => (header.includes(column) ? (record[column] ?? '') : '');
  const bytes = cell('base64');
  if (bytes === '' && !header.includes('value')) return problem(line, 'value is missing', raw);
  const value = bytes === '' ? cell('value') : decodedBase64(bytes);
  if (typeof value === 'object' && 'problem' in value) return problem(line, value.problem, raw);
  return mortal({ line, key, value }, cell('expiresAt') || undefined, raw);
}

export const csvHeader = csvLine({ key: 'key', value: 'value', base64: 'base64', expiresAt: 'expiresAt' });

/** A row as `export` writes it; a value's bytes go to a column of their own. */
export interface CsvRow {
  key: string;
  value?: string | undefined;
  base64?: string | undefined;
  expiresAt?: string | undefined;
}

export function csvLine({ key, value = '', base64 = '', expiresAt = '' }: CsvRow): string {
  // A field that is quoted is read back as it is, carriage returns and outer spaces too.
  return stringify([[key, value, base64, expiresAt]], { quoted_match: /\r|^\s|\s$/ }).slice(0, -1);
}
