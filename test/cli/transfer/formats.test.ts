import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { CliError } from '../../../src/cli/exit.js';
import { linesOf } from '../../../src/cli/lines.js';
import { csvEntries, csvHeader, csvLine } from '../../../src/cli/transfer/csv.js';
import type { FieldNames, Parsed } from '../../../src/cli/transfer/entry.js';
import { formatOf } from '../../../src/cli/transfer/format.js';
import { ndjsonEntries, parseNdjsonLine } from '../../../src/cli/transfer/ndjson.js';
import { collect } from '../collect.js';

const standard: FieldNames = { keyField: undefined, valueField: undefined };
const parse = (text: string, names: Partial<FieldNames> = {}) =>
  parseNdjsonLine(text, 1, { ...standard, ...names });

test('NDJSON lines become entries', () => {
  const table: [string, Partial<FieldNames>, string, string | Uint8Array][] = [
    ['{"key":"k","value":"v"}', {}, 'k', 'v'],
    ['{"key":137,"value":""}', {}, '137', ''],
    ['{"key":"k","value":{"a":[1]}}', {}, 'k', '{"a":[1]}'],
    ['{"key":"k","value":null}', {}, 'k', 'null'],
    ['{"key":"k","base64":"aGk="}', {}, 'k', 'hi'],
    ['{"key":"k","base64":"/w=="}', {}, 'k', Buffer.from([0xff])],
    ['{"key":"__proto__","value":"v"}', {}, '__proto__', 'v'],
    ['{"name":"Vila","lat":"42"}', { keyField: 'name' }, 'Vila', '{"name":"Vila","lat":"42"}'],
    ['{"name":"Vila","lat":"42"}', { keyField: 'name', valueField: 'lat' }, 'Vila', '42'],
    ['{"key":"k","n":1}', { valueField: 'n' }, 'k', '1'],
    ['{"__proto__":"k","value":"v"}', { keyField: '__proto__', valueField: 'value' }, 'k', 'v'],
  ];
  for (const [text, names, key, value] of table)
    assert.deepEqual(parse(text, names), { line: 1, key, value }, text);
});

test('what is no entry says why and what was read', () => {
  const table: [string, RegExp][] = [
    ['{"key":"k"', /not valid JSON/],
    ['[{"key":"k"}]', /a JSON array/],
    ['17', /not a JSON object/],
    ['{"value":"v"}', /key must be there/],
    ['{"key":"","value":"v"}', /key is empty/],
    ['{"key":1.5,"value":"v"}', /a string or a whole number/],
    ['{"key":12345678901234567890,"value":"v"}', /a string or a whole number/],
    ['{"key":"k"}', /exactly one of value, base64/],
    ['{"key":"k","value":"v","base64":""}', /exactly one of value, base64/],
    ['{"key":"k","base64":"a"}', /not valid standard base64/],
    ['{"key":"k","base64":1}', /base64 must be a string/],
  ];
  for (const [text, why] of table) {
    const parsed = parse(text);
    assert.ok('problem' in parsed && why.test(parsed.problem) && parsed.raw === text, text);
  }
});

/** The same bytes in chunks cut anywhere. */
const chunked = (bytes: Buffer, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    ),
  );

test('only a line feed ends a line, wherever chunks are cut', async () => {
  const text = 'a\u2028b\n\nsecond\r\n東京\nlast';
  const expected = ['a\u2028b', '', 'second', '東京', 'last'];
  for (const size of [1, 2, 5, 100]) {
    const lines = await collect(linesOf(chunked(Buffer.from(text), size)));
    assert.deepEqual(
      lines.map(line => 'text' in line && line.text),
      expected,
    );
    assert.equal(lines.at(-1)?.bytesRead, Buffer.byteLength(text));
  }
});

test('a line that is too long or no UTF-8 is a problem of its own, and the next is read', async () => {
  const bytes = Buffer.concat([
    Buffer.alloc(5 * 1024 * 1024, 'x'),
    Buffer.from('\n'),
    Buffer.from([0xff]),
    Buffer.from('\nok\n'),
  ]);
  const lines = await collect(linesOf(chunked(bytes, 65_536)));
  assert.deepEqual(
    lines.map(line => ('problem' in line ? line.problem.replace(/\d{4,}/, 'N') : line.text)),
    ['the line is longer than N bytes', 'the line is not valid UTF-8', 'ok'],
  );
});

const csv = (text: string, names: Partial<FieldNames> = {}) =>
  collect(csvEntries(Readable.from([Buffer.from(text)]), { ...standard, ...names }));
const content = (parsed: Parsed) => ('problem' in parsed ? parsed.problem : [parsed.key, parsed.value]);

test('CSV rows become entries by the header', async () => {
  assert.deepEqual((await csv('\ufeffkey,value\n1,"a, ""b""\nc"\n2,\n')).map(content), [
    ['1', 'a, "b"\nc'],
    ['2', ''],
  ]);
  assert.deepEqual((await csv('name,lat\nVila,42\n', { keyField: 'name', valueField: 'lat' })).map(content), [
    ['Vila', '42'],
  ]);
  assert.deepEqual((await csv('name,lat\nVila,42\n', { keyField: 'name' })).map(content), [
    ['Vila', '{"name":"Vila","lat":"42"}'],
  ]);
  assert.deepEqual((await csv('key,value,base64\nk,,/w==\n')).map(content), [['k', Buffer.from([0xff])]]);
});

const endless = Date.parse('2030-01-02T03:04:05.678Z');

test('an entry that expires says when, in both formats', async () => {
  const table: [string, number][] = [
    ['2030-01-02T03:04:05.678Z', endless],
    ['2030-01-02T05:04:05.678+02:00', endless],
    ['2030-01-02T03:04Z', Date.parse('2030-01-02T03:04:00.000Z')],
  ];
  for (const [expiresAt, expiresAtMs] of table) {
    const entry = { line: 1, key: 'k', value: 'v', expiresAtMs };
    assert.deepEqual(parse(JSON.stringify({ key: 'k', value: 'v', expiresAt })), entry);
    const [row] = await csv(`${csvHeader}\n${csvLine({ key: 'k', value: 'v', expiresAt })}\n`);
    assert.deepEqual(row, { ...entry, line: 2, bytesRead: row?.bytesRead });
  }
});

test('what is no time, or says no zone, is a problem; in files of other fields it is data', async () => {
  for (const expiresAt of [
    'soon',
    1893553445678,
    '2030-01-02',
    '2030-01-02T03:04:05',
    '2030-13-02T03:04:05Z',
    null,
  ]) {
    const parsed = parse(JSON.stringify({ key: 'k', value: 'v', expiresAt }));
    assert.ok(
      'problem' in parsed && /expiresAt must be a time with its zone/.test(parsed.problem),
      String(expiresAt),
    );
  }
  const [row] = await csv('key,value,expiresAt\nk,v,soon\n');
  assert.ok(row !== undefined && 'problem' in row);
  const own = '{"name":"k","expiresAt":"soon"}';
  assert.deepEqual(parse(own, { keyField: 'name' }), { line: 1, key: 'k', value: own });
});

test('a CSV row that is broken is a problem with its line, and the others are read', async () => {
  const rows = await csv('key,value\n1,a\n2,b,c\n,d\n3,e\n');
  assert.deepEqual(
    rows.map(row => ('problem' in row ? 'problem' : row.key)),
    ['1', 'problem', 'problem', '3'],
  );
  assert.deepEqual(
    rows.map(row => row.line),
    [2, 3, 4, 5],
  );
});

test('a CSV without the key column is a usage error that names the columns', async () => {
  await assert.rejects(
    csv('id,value\n1,a\n'),
    (error: unknown) =>
      error instanceof CliError && /no column "key" \(it has "id", "value"\)/.test(error.message),
  );
});

test('what export writes, import reads back equal, as NDJSON and as CSV', async () => {
  const text = fc.string({ unit: 'grapheme' });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), text), { maxLength: 8 }),
      async entries => {
        const json = entries.map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join('');
        const fromJson = await collect(ndjsonEntries(Readable.from([Buffer.from(json)]), standard));
        assert.deepEqual(fromJson.map(content), entries);
        const rows = [csvHeader, ...entries.map(([key, value]) => csvLine({ key, value }))]
          .map(row => `${row}\n`)
          .join('');
        assert.deepEqual((await csv(rows)).map(content), entries);
      },
    ),
    { examples: [[[['a\rb', ' x\r']]], [[['"', ',\n']]], [[['\ufeff', '']]], [[['k', '\r\n']]]] },
  );
});

test('the format comes from the flag, else from the name', () => {
  assert.equal(formatOf('a.CSV', undefined), 'csv');
  assert.equal(formatOf('a.jsonl', undefined), 'ndjson');
  assert.equal(formatOf('-', undefined), 'ndjson');
  assert.equal(formatOf('a.txt', 'CSV'), 'csv');
  assert.throws(() => formatOf('a.txt', undefined), /does not say its format/);
  assert.throws(() => formatOf('a.csv', 'xml'), /--format "xml" is none of/);
});
