// A log entry: one message of a log or hints stream, `{"crc32":"xxxxxxxx","records":[...],"note":{...}}`. The checksum
// covers the bytes as written, so the layout is fixed: the checksum first, then everything it covers.
import { latin1, utf8, utf8Length } from '#platform/bytes';
import { crc32 } from '#platform/checksum';
import { BUCKETS } from '../model/bucket.js';
import { definitionOf } from './bucket-record.js';
import type { LogEntry, ReplicaNote, WireRecord } from './generated/types.js';
import { logEntry as validate } from './generated/validators.js';
import { parseJson } from './json.js';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.js';
import { PROTOCOL } from './protocol.js';

const HEAD = '{"crc32":"';
const CHECKSUM_AT = HEAD.length;
const COVERED_FROM = CHECKSUM_AT + 8 + '",'.length;
const BRACE = '}'.charCodeAt(0);
const BLANK = `${HEAD}00000000",`;

/** Bytes of an entry beside its records' texts and the commas between them. */
export const ENTRY_OVERHEAD_BYTES = BLANK.length + '"records":[]}'.length;

/** Most records one entry may hold; the schema says the same. */
export const ENTRY_RECORDS_MAX = 4096;

/** No UTF-16 unit takes more bytes of UTF-8. */
const CHARACTER_BYTES_MAX = 3;
const BASE64_LENGTH_MAX = Math.ceil(VALUE_BYTES_MAX / 3) * 4;

/** A record as it stands in entries, written once however many owners it goes to. */
export function encodeRecord(record: WireRecord): string {
  return JSON.stringify(record);
}

/** @param records what `encodeRecord` returned. */
export function encodeEntry(records: readonly string[], note?: ReplicaNote): Uint8Array {
  const noted = note === undefined ? '' : `,"note":${JSON.stringify(note)}`;
  // The frame goes into the first text and the last: around what is joined, it would have all of it copied once more.
  const texts = [...records];
  texts[0] = `${BLANK}"records":[${texts[0] ?? ''}`;
  texts[texts.length - 1] += `]${noted}}`;
  const bytes = utf8(texts.join(','));
  const checksum = hex(crc32(covered(bytes)));
  for (let i = 0; i < checksum.length; i++) bytes[CHECKSUM_AT + i] = checksum.charCodeAt(i);
  return bytes;
}

/** The checksum an entry carries; '' of bytes that are no entry. */
export function checksumOf(data: Uint8Array): string {
  if (!looksLikeEntry(data)) return '';
  return latin1(data, CHECKSUM_AT, CHECKSUM_AT + 8);
}

/**
 * What the bytes of a log message are.
 *
 * `damaged`: an entry whose checksum does not fit its bytes, or whose frame is broken or cut; what it held is lost. `invalid`: no entry at all, written
 * by somebody who does not keep the protocol; nothing is lost by skipping it. `newer`: it says that it is of a protocol after this build's: to
 * skip it would be to forget what was acknowledged.
 */
export type DecodedEntry =
  | { kind: 'entry'; entry: LogEntry }
  | { kind: 'damaged'; reason: string }
  | { kind: 'newer'; reason: string }
  | { kind: 'invalid'; reason: string };

export function decodeEntry(data: Uint8Array): DecodedEntry {
  if (!looksLikeEntry(data))
    return wasEntry(data)
      ? { kind: 'damaged', reason: 'its frame is broken' }
      : { kind: 'invalid', reason: 'not a log entry' };
  const stated = checksumOf(data);
  const actual = hex(crc32(covered(data)));
  if (stated !== actual)
    return { kind: 'damaged', reason: `checksum ${stated}, but its bytes give ${actual}` };
  if (data.at(-1) !== BRACE) return { kind: 'damaged', reason: 'its last byte is not the one written' };
  let parsed: unknown;
  try {
    parsed = parseJson(data);
  } catch (error) {
    return { kind: 'invalid', reason: error instanceof Error ? error.message : String(error) };
  }
  if (validate(parsed)) {
    const fault = parsed.records.map(faultOf).find(each => each !== undefined);
    return fault === undefined ? { kind: 'entry', entry: parsed } : { kind: 'invalid', reason: fault };
  }
  const protocol = (parsed as { protocol?: unknown } | null)?.protocol;
  if (typeof protocol === 'number' && protocol > PROTOCOL)
    return {
      kind: 'newer',
      reason: `is of protocol ${protocol}, and this build speaks ${PROTOCOL}: start a newer build, which finds the log unharmed`,
    };
  const first = validate.errors?.[0];
  return { kind: 'invalid', reason: `${first?.instancePath ?? ''} ${first?.message ?? 'not valid'}`.trim() };
}

/** What the schema, which counts characters, does not see. A lone surrogate would be another key once it has been sent on. */
function faultOf(record: WireRecord): string | undefined {
  const { bucket, key, value, base64 } = record;
  // Else what nodes know of buckets would depend on the order in which they heard, and not on what they hold.
  if (bucket === BUCKETS && definitionOf(record) === undefined) return 'a record of the buckets defines none';
  if (key.length * CHARACTER_BYTES_MAX > KEY_BYTES_MAX && utf8Length(key) > KEY_BYTES_MAX)
    return `a key has more than ${KEY_BYTES_MAX} bytes`;
  if (!key.isWellFormed()) return 'a key holds a lone surrogate';
  if (base64 !== undefined && base64.length > BASE64_LENGTH_MAX)
    return `a value has more than ${VALUE_BYTES_MAX} bytes`;
  if (value === undefined) return undefined;
  if (value.length * CHARACTER_BYTES_MAX > VALUE_BYTES_MAX && utf8Length(value) > VALUE_BYTES_MAX)
    return `a value has more than ${VALUE_BYTES_MAX} bytes`;
  return value.isWellFormed() ? undefined : 'a value holds a lone surrogate';
}

function looksLikeEntry(data: Uint8Array): boolean {
  if (data.length < ENTRY_OVERHEAD_BYTES) return false;
  for (let i = 0; i < CHECKSUM_AT; i++) if (data[i] !== HEAD.charCodeAt(i)) return false;
  return data[COVERED_FROM - 2] === 0x22 && data[COVERED_FROM - 1] === 0x2c;
}

/** Whether bytes without an entry's frame are what is left of one: its head stands, or its checksum fits the rest. */
function wasEntry(data: Uint8Array): boolean {
  if (latin1(data, 0, Math.min(CHECKSUM_AT, data.length)) === HEAD) return true;
  if (data.length < ENTRY_OVERHEAD_BYTES) return false;
  const stated = latin1(data, CHECKSUM_AT, CHECKSUM_AT + 8);
  return stated === hex(crc32(covered(data)));
}

function covered(data: Uint8Array): Uint8Array {
  return data.subarray(COVERED_FROM, data.length - 1);
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}
