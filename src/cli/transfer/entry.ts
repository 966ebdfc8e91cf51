// One entry of a file to import: a key with its value, or why it is none.
import { textOrBytes } from '../value.js';
import { parseExpiry } from './life.js';

export interface Entry {
  /** Line of the file where it begins, from 1. */
  line: number;
  key: string;
  /** Text, or bytes. */
  value: string | Uint8Array;
  /** Until when it lives, milliseconds since 1970; for ever, or as the bucket has it, when undefined. */
  expiresAtMs?: number;
}

/** What stands in the file and cannot be imported. */
export interface Problem {
  line: number;
  problem: string;
  /** What was read, cut off. */
  raw: string;
}

/** Bytes of the input up to and with this entry come along, for the progress bar. */
export type Parsed = (Entry | Problem) & { bytesRead: number };

/** Which fields hold key and value. */
export interface FieldNames {
  /** Default `key`. */
  keyField: string | undefined;
  /** Default `value`; with a key field of one's own, the whole object as JSON. */
  valueField: string | undefined;
}

const rawCharsMax = 200;

export function problem(line: number, what: string, raw: string): Problem {
  return { line, problem: what, raw: raw.slice(0, rawCharsMax) };
}

/** Makes an entry of an object: of `key` with `value` or `base64`, or of the named fields. */
export function entryOf(
  object: Record<string, unknown>,
  line: number,
  raw: string,
  names: FieldNames,
): Entry | Problem {
  const keyField = names.keyField ?? 'key';
  const key = Object.hasOwn(object, keyField) ? keyText(object[keyField]) : undefined;
  if (key === undefined) return problem(line, `${keyField} must be there, a string or a whole number`, raw);
  if (key === '') return problem(line, `${keyField} is empty`, raw);
  const value = valueIn(object, raw, names);
  if (typeof value === 'object' && 'problem' in value) return problem(line, value.problem, raw);
  const expiry = isOwnFormat(names) && Object.hasOwn(object, 'expiresAt') ? object['expiresAt'] : undefined;
  return mortal({ line, key, value }, expiry, raw);
}

/** Files as `export` writes them. In others `expiresAt` is data like any other. */
function isOwnFormat({ keyField, valueField }: FieldNames): boolean {
  return keyField === undefined && valueField === undefined;
}

/** The entry with its end, if it has one. */
export function mortal(entry: Entry, expiry: unknown, raw: string): Entry | Problem {
  if (expiry === undefined) return entry;
  const expiresAtMs = parseExpiry(expiry);
  return typeof expiresAtMs === 'number'
    ? { ...entry, expiresAtMs }
    : problem(entry.line, expiresAtMs.problem, raw);
}

function keyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function valueIn(
  object: Record<string, unknown>,
  raw: string,
  names: FieldNames,
): string | Uint8Array | { problem: string } {
  if (names.valueField !== undefined) {
    if (!Object.hasOwn(object, names.valueField)) return { problem: `${names.valueField} is missing` };
    return textOf(object[names.valueField]);
  }
  // The object as it stands in the file: nothing is lost to a number's precision.
  if (names.keyField !== undefined) return raw.trim();
  if (Object.hasOwn(object, 'value') === Object.hasOwn(object, 'base64'))
    return { problem: 'exactly one of value, base64 is needed' };
  if (Object.hasOwn(object, 'value')) return textOf(object['value']);
  const { base64 } = object;
  return typeof base64 === 'string' ? decodedBase64(base64) : { problem: 'base64 must be a string' };
}

/** A string as it is, anything else as JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const base64Text = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function decodedBase64(text: string): string | Uint8Array | { problem: string } {
  if (!base64Text.test(text)) return { problem: 'base64 is not valid standard base64' };
  return textOrBytes(Buffer.from(text, 'base64'));
}
