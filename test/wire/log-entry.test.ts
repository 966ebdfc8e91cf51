// Log entries: their checksum, and what becomes of bytes that are none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { WireRecord } from '../../src/wire/generated/types.js';
import {
  checksumOf,
  decodeEntry,
  ENTRY_OVERHEAD_BYTES,
  encodeEntry,
  encodeRecord,
} from '../../src/wire/log-entry.js';

const record: WireRecord = { bucket: 'default', key: 'kä😀', value: '"}\n', time: 5, writer: 'n0~a' };
const entryOf = (...records: object[]): Uint8Array => encodeEntry(records.map(each => JSON.stringify(each)));

/** An entry of any text, with a checksum that fits. */
function sealed(rest: string): Uint8Array {
  return Buffer.from(`{"crc32":"${crc32(rest).toString(16).padStart(8, '0')}",${rest}}`);
}

test('an entry decodes to the records and the note it was made of', () => {
  const note = { node: 'n0', log: 'abc', recovering: null, positions: {} };
  const decoded = decodeEntry(encodeEntry([encodeRecord(record)], note));
  assert.ok(decoded.kind === 'entry');
  assert.deepEqual(decoded.entry.records, [record]);
  assert.deepEqual(decoded.entry.note, note);
});

test('the checksum is the CRC-32 of what stands between its own comma and the last brace', () => {
  const data = entryOf(record);
  const text = Buffer.from(data).toString();
  assert.equal(checksumOf(data), crc32(text.slice(20, -1)).toString(16).padStart(8, '0'));
});

test('an empty entry has exactly the bytes that are counted as overhead', () => {
  assert.equal(encodeEntry([]).length, ENTRY_OVERHEAD_BYTES);
});

test('any flipped bit makes an entry damaged, wherever it stands', () => {
  const data = entryOf(record);
  for (let i = 0; i < data.length; i++)
    for (const bit of [1, 128]) {
      const copy = Buffer.from(data);
      copy[i] = (copy[i] ?? 0) ^ bit;
      assert.equal(decodeEntry(copy).kind, 'damaged', `byte ${i}`);
    }
});

test('an entry of which more than nine bytes are left is damaged, and less is taken for no entry', () => {
  const data = entryOf(record);
  for (let length = 0; length < data.length; length++)
    assert.equal(
      decodeEntry(data.subarray(0, length)).kind,
      length > 9 ? 'damaged' : 'invalid',
      `${length} bytes`,
    );
});

const invalids: readonly [string, Uint8Array][] = [
  ['nothing', new Uint8Array()],
  ['garbage', Uint8Array.of(0, 255, 1, 254, ...new Array<number>(60).fill(7))],
  ['JSON that is no entry', Buffer.from('{"hello":"world, this is as long as an entry"}')],
  ['an entry without a checksum', Buffer.from(JSON.stringify({ records: [record] }))],
  ['fields in another order', Buffer.from(`{"records":[],"crc32":"00000000"}`)],
  ['no JSON under a fitting checksum', sealed('"records":[,,')],
  ['a field it does not know', sealed('"records":[],"more":1')],
  ['records that are no array', sealed('"records":{}')],
  ['too many records', sealed(`"records":[${new Array(4097).fill(JSON.stringify(record)).join(',')}]`)],
  ['a record without a writer', entryOf({ ...record, writer: undefined })],
  ['a record with a value and a tombstone', entryOf({ ...record, deleted: true })],
  ['a record with neither', entryOf({ ...record, value: undefined })],
  ['a record with an empty key', entryOf({ ...record, key: '' })],
  ['a record with a time of 0', entryOf({ ...record, time: 0 })],
  ['a record with a bucket that is none', entryOf({ ...record, bucket: 'a/b' })],
];
for (const [what, data] of invalids)
  test(`${what} is no log entry`, () => {
    assert.equal(decodeEntry(data).kind, 'invalid');
  });

test('what the schema cannot see makes an entry invalid: bytes of keys and values, and lone surrogates', () => {
  const half = '\ud800';
  const faulty: readonly (readonly [object, RegExp])[] = [
    [{ ...record, key: '😀'.repeat(257) }, /a key has more than 1024 bytes/],
    [{ ...record, key: `k${half}` }, /a key holds a lone surrogate/],
    [
      { ...record, bucket: '_buckets', key: 'b', value: '{}', time: 5 },
      /a record of the buckets defines none/,
    ],
    [
      { ...record, bucket: '_buckets', key: 'b', value: 'x', time: 1 },
      /a record of the buckets defines none/,
    ],
    [
      { ...record, bucket: '_buckets', key: '_b', value: '{}', time: 1 },
      /a record of the buckets defines none/,
    ],
    [{ ...record, value: half }, /a value holds a lone surrogate/],
    [{ ...record, value: '€'.repeat(174_763) }, /a value has more than 524288 bytes/],
    [{ ...record, value: undefined, base64: 'A'.repeat(699_056) }, /a value has more than 524288 bytes/],
  ];
  for (const [each, why] of faulty) {
    const decoded = decodeEntry(entryOf(record, each));
    assert.ok(decoded.kind === 'invalid');
    assert.match(decoded.reason, why);
  }
  const largest = [
    { ...record, bucket: '_buckets', key: 'b', value: '{}', time: 1 },
    { ...record, key: '😀'.repeat(256) },
    { ...record, value: '€'.repeat(174_762) },
    { ...record, value: undefined, base64: Buffer.alloc(524_288).toString('base64') },
  ];
  for (const each of largest) assert.equal(decodeEntry(entryOf(each)).kind, 'entry');
});
