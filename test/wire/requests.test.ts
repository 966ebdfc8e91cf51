// What requests are taken, and the field and rule that the error of any other names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidRequestError } from '../../src/errors.js';
import { parseBatch, parseOperation, type Verb } from '../../src/wire/requests.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);

function refusal(run: () => unknown): InvalidRequestError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof InvalidRequestError, String(error));
    return error;
  }
  return assert.fail('it was taken');
}

const put = (fields: object): string => JSON.stringify({ key: 'k', value: 'v', ...fields });

interface Bad {
  readonly what: string;
  readonly body: string | Uint8Array;
  readonly field: string;
  readonly says: RegExp;
  readonly verb?: Verb;
}

const bads: readonly Bad[] = [
  { what: 'nothing', body: '', field: '', says: /empty/ },
  { what: 'half an object', body: '{', field: '', says: /not valid JSON/ },
  { what: 'an object and more', body: '{"key":"k","value":"v"} x', field: '', says: /not valid JSON/ },
  { what: 'two objects', body: '{"key":"k","value":"v"}{}', field: '', says: /not valid JSON/ },
  { what: 'a byte order mark', body: `\ufeff${put({})}`, field: '', says: /not valid JSON/ },
  { what: 'bytes that are no UTF-8', body: Uint8Array.of(0xff, 0xfe), field: '', says: /not valid UTF-8/ },
  { what: 'UTF-16', body: Buffer.from(put({}), 'utf16le'), field: '', says: /not valid/ },
  { what: 'null', body: 'null', field: '', says: /object/ },
  { what: 'an array', body: '[]', field: '', says: /object/ },
  { what: 'a number', body: '42', field: '', says: /object/ },
  { what: 'a string', body: '"x"', field: '', says: /object/ },
  { what: 'no key', body: '{"value":"v"}', field: 'key', says: /key is missing/ },
  { what: 'no value', body: '{"key":"k"}', field: 'value', says: /exactly one of value, base64/ },
  { what: 'value and base64', body: put({ base64: 'AA==' }), field: 'value', says: /exactly one .* both/ },
  { what: 'an unknown field', body: put({ vlaue: 1 }), field: 'vlaue', says: /unknown field "vlaue"/ },
  {
    what: 'a field __proto__',
    body: '{"key":"k","value":"v","__proto__":{}}',
    field: '__proto__',
    says: /unknown field/,
  },
  { what: 'a field constructor', body: put({ constructor: 1 }), field: 'constructor', says: /unknown field/ },
  { what: 'an empty key', body: put({ key: '' }), field: 'key', says: /1 to 1024 bytes/ },
  { what: 'a key of 1025 letters', body: put({ key: 'k'.repeat(1025) }), field: 'key', says: /1024 bytes/ },
  {
    what: 'a key of 257 emoji, 1028 bytes',
    body: put({ key: '😀'.repeat(257) }),
    field: 'key',
    says: /1024 bytes/,
  },
  { what: 'a key that is a fraction', body: put({ key: 1.5 }), field: 'key', says: /whole number/ },
  {
    what: 'a key beyond safe integers',
    body: '{"key":9007199254740993,"value":"v"}',
    field: 'key',
    says: /whole number/,
  },
  { what: 'a key of 1e400', body: '{"key":1e400,"value":"v"}', field: 'key', says: /whole number/ },
  { what: 'a key that is an object', body: put({ key: {} }), field: 'key', says: /string/ },
  { what: 'a key that is null', body: put({ key: null }), field: 'key', says: /string/ },
  {
    what: 'a key with a lone surrogate',
    body: '{"key":"\\ud800","value":"v"}',
    field: 'key',
    says: /surrogate/,
  },
  { what: 'a value that is a number', body: put({ value: 5 }), field: 'value', says: /a string/ },
  { what: 'a value that is null', body: put({ value: null }), field: 'value', says: /a string/ },
  {
    what: 'a value with a lone surrogate',
    body: '{"key":"k","value":"\\udc00"}',
    field: 'value',
    says: /surrogate/,
  },
  {
    what: 'a value over the limit',
    body: put({ value: 'v'.repeat(524289) }),
    field: 'value',
    says: /524288/,
  },
  {
    what: 'a value far over the limit',
    body: put({ value: 'v'.repeat(2 ** 21) }),
    field: 'value',
    says: /524288/,
  },
  {
    what: 'a value over the limit in bytes',
    body: put({ value: 'é'.repeat(262145) }),
    field: 'value',
    says: /524288/,
  },
  {
    what: 'base64 over the limit',
    body: JSON.stringify({ key: 'k', base64: Buffer.alloc(524289).toString('base64') }),
    field: 'base64',
    says: /524288/,
  },
  { what: 'base64 without padding', body: '{"key":"k","base64":"AA"}', field: 'base64', says: /padding/ },
  { what: 'URL-safe base64', body: '{"key":"k","base64":"_-8="}', field: 'base64', says: /standard base64/ },
  {
    what: 'an unknown level',
    body: put({ level: 'TWO3' }),
    field: 'level',
    says: /ANY, ONE, TWO, THREE, QUORUM, LOCAL_QUORUM, EACH_QUORUM, ALL/,
  },
  { what: 'a level in lower case', body: put({ level: 'quorum' }), field: 'level', says: /one of ANY/ },
  { what: 'a level that is a number', body: put({ level: 2 }), field: 'level', says: /one of ANY/ },
  {
    what: 'a read at ANY',
    verb: 'get',
    body: '{"key":"k","level":"ANY"}',
    field: 'level',
    says: /for writes/,
  },
  { what: 'a read with a value', verb: 'get', body: put({}), field: 'value', says: /unknown field/ },
  { what: 'a delete with a value', verb: 'delete', body: put({}), field: 'value', says: /unknown field/ },
  { what: 'a bucket with a slash', body: put({ bucket: '../x' }), field: 'bucket', says: /letters, digits/ },
  {
    what: 'a time without a writer',
    body: put({ time: 1 }),
    field: 'writer',
    says: /writer is missing.*time/,
  },
  {
    what: 'a writer without a time',
    body: put({ writer: 'w' }),
    field: 'time',
    says: /time is missing.*writer/,
  },
  {
    what: 'a time that is NaN',
    body: '{"key":"k","value":"v","time":NaN,"writer":"w"}',
    field: '',
    says: /not valid JSON/,
  },
  {
    what: 'a time of 1e400',
    body: '{"key":"k","value":"v","time":1e400,"writer":"w"}',
    field: 'time',
    says: /whole number/,
  },
  {
    what: 'a time that is a fraction',
    body: put({ time: 1.5, writer: 'w' }),
    field: 'time',
    says: /whole number/,
  },
  { what: 'a negative time', body: put({ time: -1, writer: 'w' }), field: 'time', says: /1 or more/ },
  { what: 'a time that is text', body: put({ time: '1', writer: 'w' }), field: 'time', says: /whole number/ },
  { what: 'a zone with a dot', body: put({ zone: 'a.b' }), field: 'zone', says: /letters, digits/ },
  {
    what: 'a writer with a space',
    body: put({ time: 1, writer: 'a b' }),
    field: 'writer',
    says: /letters, digits/,
  },
  { what: 'a timeout of 0', body: put({ timeoutMs: 0 }), field: 'timeoutMs', says: /1 to 600000/ },
  { what: 'a timeout of -1', body: put({ timeoutMs: -1 }), field: 'timeoutMs', says: /1 to 600000/ },
  { what: 'a timeout of 1e9', body: put({ timeoutMs: 1e9 }), field: 'timeoutMs', says: /1 to 600000/ },
  { what: 'a deadline of 0', body: put({ deadline: 0 }), field: 'deadline', says: /milliseconds since 1970/ },
];

for (const { what, body, field, says, verb = 'put' } of bads)
  test(`${verb} refuses ${what}, naming ${field === '' ? 'the message' : field}`, () => {
    const error = refusal(() => parseOperation(verb, typeof body === 'string' ? bytes(body) : body));
    assert.equal(error.field, field);
    assert.match(error.message, says);
    assert.ok(field === '' || error.message.includes(field), error.message);
  });

test('a refusal never gives back a value', () => {
  const secret = 'canary';
  for (const body of [
    put({ level: secret }),
    put({ base64: secret }),
    put({ timeoutMs: secret }),
    JSON.stringify({ key: { secret }, value: secret }),
    `${put({ value: secret })}x`,
  ])
    assert.ok(!refusal(() => parseOperation('put', bytes(body))).message.includes(secret), body);
});

const legalKeys = [
  '__proto__',
  'constructor',
  ' ',
  'a.b',
  '*',
  '>',
  '😀'.repeat(256),
  '"\'',
  '\r\nPUB x 0\r\n',
  '\0',
  '-',
];
for (const key of legalKeys)
  test(`the key ${JSON.stringify(key).slice(0, 40)} is taken as it is`, () => {
    assert.equal(parseOperation('put', bytes(put({ key }))).key, key);
  });

test('a whole number as a key means its decimal string', () => {
  for (const [number, text] of [
    ['137', '137'],
    ['-0', '0'],
    ['1e2', '100'],
    ['-5', '-5'],
  ] as const)
    assert.equal(parseOperation('get', bytes(`{"key":${number}}`)).key, text);
});

test('what a request leaves out is filled in', () => {
  assert.deepEqual(parseOperation('put', bytes('{"key":"k","value":""}')), {
    kind: 'write',
    bucket: 'default',
    key: 'k',
    level: 'QUORUM',
    isLevelDefault: true,
    value: '',
    timeoutMs: 2000,
    deadline: undefined,
  });
});

test('a value of exactly the limit is taken, as text and as base64', () => {
  parseOperation('put', bytes(put({ value: 'é'.repeat(262144) })));
  parseOperation('put', bytes(JSON.stringify({ key: 'k', base64: Buffer.alloc(524288).toString('base64') })));
});

const batch = (...operations: unknown[]): Uint8Array => bytes(JSON.stringify({ operations }));

test('a batch whose shape is not valid is refused as a whole, naming the field inside', () => {
  const good = { op: 'get', key: 'k' };
  const table: readonly [Uint8Array, string, RegExp][] = [
    [bytes('{}'), 'operations', /missing/],
    [batch(), 'operations', /1 or more items/],
    [batch(...Array.from({ length: 1025 }, () => good)), 'operations', /at most 1024/],
    [batch(good, { op: 'drop', key: 'k' }), 'operations[1].op', /put, get, delete/],
    [batch(good, { key: 'k' }), 'operations[1].op', /missing|put, get, delete/],
    [batch(good, { op: '__proto__', key: 'k' }), 'operations[1].op', /put, get, delete/],
    [batch(good, null), 'operations[1]', /object/],
    [batch(good, { op: 'put', key: 'k' }), 'operations[1].value', /exactly one of operations\[1\]\.value/],
    [batch({ op: 'get', key: 'k', level: 'x' }), 'operations[0].level', /one of ANY/],
    [batch({ op: 'get', key: 'k', timeoutMs: 5 }), 'operations[0].timeoutMs', /unknown field/],
  ];
  for (const [data, field, says] of table) {
    const error = refusal(() => parseBatch(data));
    assert.equal(error.field, field);
    assert.match(error.message, says);
  }
});

test('an operation of a batch that breaks a rule beyond its shape fails alone', () => {
  const { operations } = parseBatch(
    batch(
      { op: 'get', key: 'a' },
      { op: 'get', key: '😀'.repeat(257) },
      { op: 'get', key: 'b', level: 'ANY' },
    ),
  );
  assert.deepEqual(
    operations.map(each => (each instanceof InvalidRequestError ? each.field : each.key)),
    ['a', 'operations[1].key', 'operations[2].level'],
  );
});

test('deep nesting and a hundred thousand extra fields are refused like any other mistake', () => {
  const deep = `{"key":${'['.repeat(50_000)}${']'.repeat(50_000)},"value":"v"}`;
  assert.equal(refusal(() => parseOperation('put', bytes(deep))).field, 'key');
  const wide = put(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`f${i}`, i])));
  assert.equal(refusal(() => parseOperation('put', bytes(wide))).field, 'f0');
  const long = put({ ['x'.repeat(5000)]: 1 });
  assert.ok(refusal(() => parseOperation('put', bytes(long))).field.length <= 200);
});
