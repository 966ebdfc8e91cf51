// A history as a file: every line is an operation or a holding, or is refused with its field.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryError } from '../../src/check/history.js';
import { parseEntry } from '../../src/check/lines.js';
import { del, get, lostPut, put } from './histories.js';

test('what clients recorded is read as it was', () => {
  const held = { kind: 'held', owner: 'n0', key: 'k', version: null } as const;
  for (const entry of [put(1, 0, 1), lostPut(1, 0, 1), del(1, 0, 1), get(1, 0, 1), get(null, 0, 1), held])
    assert.deepEqual(parseEntry(JSON.stringify(entry)), entry);
});

const good = put(1, 0, 1);
const bad: readonly (readonly [line: string, says: RegExp])[] = [
  ['{', /not valid JSON/],
  ['null', /not a JSON object/],
  ['[]', /not a JSON object/],
  [JSON.stringify({ ...good, kind: 'cas' }), /^kind: must be one of put, delete, get, held/],
  [JSON.stringify({ ...good, kind: '__proto__' }), /^kind:/],
  [JSON.stringify({ ...good, key: 5 }), /^key: not a text/],
  [JSON.stringify({ ...good, key: undefined }), /^key: missing/],
  [JSON.stringify({ ...good, level: 'MOST' }), /^level: must be one of ANY/],
  [JSON.stringify({ ...good, outcome: 'maybe' }), /^outcome: must be one of ok, refused, unknown/],
  [JSON.stringify({ ...good, version: 5 }), /^version: not a text or null/],
  [JSON.stringify({ ...good, startedAtMs: '0' }), /^startedAtMs: must be a number/],
  [JSON.stringify({ ...good, startedAtMs: 9 }), /^endedAtMs: before startedAtMs, 9/],
  [
    JSON.stringify({ ...good, endedAtMs: 0 }).replace('"endedAtMs":0', '"endedAtMs":1e400'),
    /^endedAtMs: must be/,
  ],
  [JSON.stringify({ ...good, value: undefined }), /^value: missing/],
  [JSON.stringify({ ...del(1, 0, 1), value: 'v' }), /^value: a delete has none/],
  [JSON.stringify({ ...get(1, 0, 1), version: null }), /^version: null, though a value was read/],
  [JSON.stringify({ kind: 'held', key: 'k', version: null }), /^owner: missing/],
  [JSON.stringify({ ...good, ttl: 5 }), /^ttl: unknown field/],
];

for (const [line, says] of bad)
  test(`a history does not take ${line.slice(0, 60)}`, () => {
    assert.throws(
      () => parseEntry(line),
      error => error instanceof HistoryError && says.test(error.message),
    );
  });
