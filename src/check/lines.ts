// A history as a file: one operation, or what one owner held in the end, in each line of JSON.
import { Level } from '../model/level.js';
import { HistoryError, type Holding, type Operation } from './history.js';

type Entry = Operation | Holding;

const textMax = 1024 * 1024;
const levels: readonly string[] = Object.values(Level);
const kinds: readonly string[] = ['put', 'delete', 'get', 'held'];
const outcomes: readonly string[] = ['ok', 'refused', 'unknown'];
const fields = new Set(
  'client kind key level startedAtMs endedAtMs outcome version value code session zone owner'.split(' '),
);

/** @throws HistoryError the line is no operation and no holding; says which field and why. */
export function parseEntry(line: string): Entry {
  const entry = objectIn(line);
  for (const field of Object.keys(entry))
    if (!fields.has(field))
      throw new HistoryError(`${field}: unknown field; there is ${[...fields].join(', ')}`);
  const kind = oneOf(entry, 'kind', kinds);
  text(entry, 'key');
  if (entry['version'] !== null) text(entry, 'version', 'or null');
  optionalText(entry, 'value');
  if (kind === 'held') {
    text(entry, 'owner');
    // Every field has been looked at.
    return entry as unknown as Holding;
  }
  text(entry, 'client');
  oneOf(entry, 'level', levels);
  const outcome = oneOf(entry, 'outcome', outcomes);
  const start = time(entry, 'startedAtMs');
  if (time(entry, 'endedAtMs') < start) throw new HistoryError(`endedAtMs: before startedAtMs, ${start}`);
  for (const field of ['code', 'session', 'zone']) optionalText(entry, field);
  if (kind === 'put' && entry['value'] === undefined) throw new HistoryError('value: missing; a put has one');
  if (kind === 'delete' && entry['value'] !== undefined) throw new HistoryError('value: a delete has none');
  if (kind === 'get' && outcome === 'ok' && entry['value'] !== undefined && entry['version'] === null)
    throw new HistoryError('version: null, though a value was read');
  return entry as unknown as Operation;
}

type Fields = Readonly<Record<string, unknown>>;

function objectIn(line: string): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw new HistoryError('not valid JSON; every line is one operation', { cause });
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed))
    throw new HistoryError('not a JSON object; every line is one operation');
  return parsed as Fields;
}

function text(entry: Fields, field: string, or = ''): string {
  const value = entry[field];
  if (typeof value === 'string' && value.length <= textMax) return value;
  throw new HistoryError(
    `${field}: ${value === undefined ? 'missing' : 'not a text'}${or === '' ? '' : ` ${or}`}`,
  );
}

function optionalText(entry: Fields, field: string): void {
  if (entry[field] !== undefined) text(entry, field);
}

function oneOf(entry: Fields, field: string, allowed: readonly string[]): string {
  const value = entry[field];
  if (typeof value === 'string' && allowed.includes(value)) return value;
  throw new HistoryError(`${field}: must be one of ${allowed.join(', ')}`);
}

function time(entry: Fields, field: string): number {
  const value = entry[field];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new HistoryError(`${field}: must be a number of milliseconds`);
}
