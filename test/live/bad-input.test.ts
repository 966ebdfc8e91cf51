// Bad input gets one clear error that names the field, the same from a raw request, the client and the command, and harms
// nothing; whatever is legal works in all three.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { connect as connectNats, type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node';
import { encodeLine } from '../../src/backup/line.js';
import type { Emulator } from '../../src/emulator/emulator.js';
import { Part } from '../../src/emulator/part.js';
import {
  type Client,
  connect,
  InvalidRequestError,
  Level,
  Mode,
  type StatusReply,
  WriteTimeoutError,
} from '../../src/index.js';
import { encodeEntry } from '../../src/wire/log-entry.js';
import { PROTOCOL } from '../../src/wire/protocol.js';
import { cleanUp, dynats, type Finished, type Scope, startEmulator, wholeFile } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl } from '../support/streams.js';

const BYTES_MAX = 524288;
const settleMs = 5000;

interface Setting {
  readonly emulator: Emulator;
  readonly raw: NatsConnection;
  readonly api: Client;
  readonly direct: Client;
}

async function set(t: Scope): Promise<Setting> {
  const emulator = await startEmulator(t, { buckets: { pair: { replicationFactor: 2 } } });
  const servers = busUrl(emulator, 'n0');
  const nats = { ignoreClusterUpdates: true };
  const raw = await connectNats({ servers, ...nats });
  const api = await connect({ servers, timeoutMs: 5000, nats });
  const direct = await connect({ servers, timeoutMs: 5000, nats, mode: Mode.Direct });
  cleanUp(t, () => Promise.all([raw.close(), api.close(), direct.close()]));
  return { emulator, raw, api, direct };
}

const file = wholeFile();
let started: Promise<Setting> | undefined;
/** One for all tests that leave logs and nodes as they are. */
const shared = () => {
  started ??= set(file);
  return started;
};

interface ErrorBody {
  readonly code: string;
  readonly field?: string;
  readonly message: string;
  readonly effect: string;
}

async function ask(
  raw: NatsConnection,
  subject: string,
  body: string | Uint8Array,
): Promise<Record<string, unknown>> {
  const reply = await raw.request(subject, body, { timeout: 5000 });
  return reply.json<Record<string, unknown>>();
}

async function refusalOf(
  raw: NatsConnection,
  subject: string,
  body: string | Uint8Array,
): Promise<ErrorBody> {
  const reply = await raw.request(subject, body, { timeout: 5000 });
  const { error } = reply.json<{ error?: ErrorBody }>();
  assert.ok(error !== undefined, `${subject} took it: ${reply.string().slice(0, 200)}`);
  assert.equal(
    reply.headers?.get('Nats-Service-Error-Code'),
    error.code === 'INVALID_REQUEST' ? '400' : '504',
  );
  return error;
}

async function refusal(promise: Promise<unknown>): Promise<InvalidRequestError> {
  const error = await promise.then(
    () => assert.fail('it was taken'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof InvalidRequestError, String(error));
  return error;
}

/** What must be as it was after any bad input. */
async function unharmed({ emulator, api }: Setting, before: readonly StatusReply[]): Promise<void> {
  const now = await statuses({ emulator, api });
  assert.deepEqual(
    now.map(({ node, pid, incarnation, state, keys, tombstones }) => ({
      node,
      pid,
      incarnation,
      state,
      keys,
      tombstones,
    })),
    before.map(({ node, pid, incarnation, keys, tombstones }) => ({
      node,
      pid,
      incarnation,
      state: 'serving',
      keys,
      tombstones,
    })),
  );
  await api.put('still works', 'yes', { level: Level.All });
}

function statuses({ emulator, api }: Pick<Setting, 'emulator' | 'api'>): Promise<StatusReply[]> {
  return Promise.all(emulator.nodes.map(node => api.status(node)));
}

/** Bodies of a put, and the field each is refused for. */
const badPuts: readonly (readonly [what: string, body: string | Uint8Array, field: string, says: RegExp])[] =
  [
    ['nothing', '', '', /empty/],
    ['half an object', '{', '', /not valid JSON/],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe), '', /not valid UTF-8/],
    ['a byte order mark', '\ufeff{"key":"bad","value":"v"}', '', /not valid JSON/],
    ['UTF-16', Buffer.from('{"key":"bad","value":"v"}', 'utf16le'), '', /not valid JSON/],
    ['two objects', '{"key":"bad","value":"v"}{"key":"bad","value":"v"}', '', /not valid JSON/],
    ['something behind the object', '{"key":"bad","value":"v"}x', '', /not valid JSON/],
    ['what gzip made', gzipSync('{"key":"bad","value":"v"}'), '', /not valid UTF-8/],
    ['a key that is a fraction', '{"key":1.5,"value":"v"}', 'key', /whole number/],
    ['a key of 1e400', '{"key":1e400,"value":"v"}', 'key', /whole number/],
    ['a key beyond 2^53', '{"key":9007199254740993,"value":"v"}', 'key', /whole number/],
    ['a key true', '{"key":true,"value":"v"}', 'key', /a string/],
    ['a key null', '{"key":null,"value":"v"}', 'key', /a string/],
    ['a key that is an object', '{"key":{"a":1},"value":"v"}', 'key', /a string/],
    ['a value null', '{"key":"bad","value":null}', 'value', /a string/],
    ['a value with a lone surrogate', '{"key":"bad","value":"\\udc00"}', 'value', /surrogate/],
    ['base64 for URLs', '{"key":"bad","base64":"-_-_"}', 'base64', /standard base64/],
    ['base64 without padding', '{"key":"bad","base64":"QQ"}', 'base64', /standard base64/],
    ['base64 with a space', '{"key":"bad","base64":"QQ ="}', 'base64', /standard base64/],
    ['a level in lower case', '{"key":"bad","value":"v","level":"quorum"}', 'level', /QUORUM/],
    ['a level that is a number', '{"key":"bad","value":"v","level":2}', 'level', /QUORUM/],
    ['a level null', '{"key":"bad","value":"v","level":null}', 'level', /QUORUM/],
    ['a level constructor', '{"key":"bad","value":"v","level":"constructor"}', 'level', /QUORUM/],
    ...['../x', '$JS', 'a.b', '', 'x'.repeat(65), '😀', 'a ', 'a~1'].map(
      bucket =>
        [
          `a bucket ${JSON.stringify(bucket).slice(0, 12)}`,
          JSON.stringify({ key: 'bad', value: 'v', bucket }),
          'bucket',
          /1 to 64 letters/,
        ] as const,
    ),
    ['a bucket of another case', '{"key":"bad","value":"v","bucket":"Default"}', 'bucket', /unknown bucket/],
    ['the bucket of buckets', '{"key":"bad","value":"v","bucket":"_buckets"}', 'bucket', /the store's own/],
    ...['0', '-1', '1.5', '1e400', '"10s"', 'null', '3153600000001'].map(
      ttl =>
        [`a life of ${ttl}`, `{"key":"bad","value":"v","ttlMs":${ttl}}`, 'ttlMs', /milliseconds/] as const,
    ),
    ...['0', '"5"', 'null', '"NaN"', '9007199254740993'].map(
      time =>
        [
          `a time of ${time}`,
          `{"key":"bad","value":"v","time":${time},"writer":"w"}`,
          'time',
          /1 or more/,
        ] as const,
    ),
    ...['-1', '1.5', '"soon"', '1e400'].map(
      at =>
        [
          `a deadline of ${at}`,
          `{"key":"bad","value":"v","deadline":${at}}`,
          'deadline',
          /milliseconds/,
        ] as const,
    ),
    [
      'a field __proto__',
      '{"key":"bad","value":"v","__proto__":{"level":"ONE"}}',
      '__proto__',
      /unknown field/,
    ],
    ['a session that is no token', '{"key":"bad","value":"v","session":"x!"}', 'session', /token/],
    ['null', 'null', '', /JSON object/],
    ['an array', '[]', '', /JSON object/],
    ['a number', '42', '', /JSON object/],
    ['a string', '"x"', '', /JSON object/],
    ['no fields', '{}', 'key', /key is missing/],
    ['no key', '{"value":"v"}', 'key', /key is missing/],
    ['no value', '{"key":"bad"}', 'value', /exactly one of value, base64/],
    ['value and base64', '{"key":"bad","value":"v","base64":""}', 'value', /exactly one of value, base64/],
    ['an unknown field', '{"key":"bad","value":"v","ttl":5}', 'ttl', /unknown field/],
    ['a value that is a number', '{"key":"bad","value":5}', 'value', /a string/],
    ['an empty key', '{"key":"","value":"v"}', 'key', /1 to 1024 bytes/],
    ['a key of 1028 bytes', JSON.stringify({ key: '😀'.repeat(257), value: 'v' }), 'key', /1024 bytes/],
    ['a key with a lone surrogate', '{"key":"\\ud83d","value":"v"}', 'key', /surrogate/],
    [
      'a value over the limit',
      JSON.stringify({ key: 'bad', value: 'v'.repeat(BYTES_MAX + 1) }),
      'value',
      /524288/,
    ],
    [
      'base64 over the limit',
      JSON.stringify({ key: 'bad', base64: Buffer.alloc(BYTES_MAX + 1).toString('base64') }),
      'base64',
      /524288/,
    ],
    [
      'an unknown level',
      '{"key":"bad","value":"v","level":"MOST"}',
      'level',
      /ANY, ONE, TWO, THREE, QUORUM, LOCAL_QUORUM, EACH_QUORUM, ALL/,
    ],
    [
      'THREE in a bucket of two owners',
      '{"key":"bad","value":"v","level":"THREE","bucket":"pair"}',
      'level',
      /needs 3 owners; the bucket has 2/,
    ],
    [
      'an unknown bucket',
      '{"key":"bad","value":"v","bucket":"none"}',
      'bucket',
      /unknown bucket "none"; there is default, pair/,
    ],
    ['a bucket __proto__', '{"key":"bad","value":"v","bucket":"__proto__"}', 'bucket', /the store's own/],
    ['a time of NaN', '{"key":"bad","value":"v","time":NaN,"writer":"w"}', '', /not valid JSON/],
    ['a time of 1e400', '{"key":"bad","value":"v","time":1e400,"writer":"w"}', 'time', /whole number/],
    [
      'a time that is a fraction',
      '{"key":"bad","value":"v","time":1.5,"writer":"w"}',
      'time',
      /whole number/,
    ],
    ['a negative time', '{"key":"bad","value":"v","time":-5,"writer":"w"}', 'time', /1 or more/],
    [
      'a time in the far future',
      `{"key":"bad","value":"v","time":${Number.MAX_SAFE_INTEGER},"writer":"w"}`,
      'time',
      /ahead of this node's clock/,
    ],
    ['a time without a writer', '{"key":"bad","value":"v","time":5}', 'writer', /writer is missing/],
    ['a writer that is none', '{"key":"bad","value":"v","time":5,"writer":"a b"}', 'writer', /letters/],
    ['a timeout of 0', '{"key":"bad","value":"v","timeoutMs":0}', 'timeoutMs', /1 to 600000/],
    ['a timeout of -1', '{"key":"bad","value":"v","timeoutMs":-1}', 'timeoutMs', /1 to 600000/],
    ['a timeout of 1e9', '{"key":"bad","value":"v","timeoutMs":1e9}', 'timeoutMs', /1 to 600000/],
    [
      '50,000 arrays in each other',
      `{"key":"bad","value":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      'value',
      /a string/,
    ],
    ['an array of 200,000 items', `{"key":[${'1,'.repeat(199_999)}1],"value":"v"}`, 'key', /a string/],
    [
      '100,000 extra fields',
      `{"key":"bad","value":"v",${Array.from({ length: 100_000 }, (_, i) => `"x${i.toString(36)}":0`).join(',')}}`,
      'x0',
      /unknown field/,
    ],
  ];

test('a raw request that is not valid is answered with its field and rule, through any node, and harms nothing', async t => {
  const setting = await shared();
  const { raw } = setting;
  const before = await statuses(setting);
  for (const [what, body, field, says] of badPuts)
    await t.test(what, async () => {
      for (const subject of ['dynats.put', 'dynats.node.n2.put']) {
        const error = await refusalOf(raw, subject, body);
        assert.deepEqual(
          { code: error.code, field: error.field, effect: error.effect },
          { code: 'INVALID_REQUEST', field, effect: 'none' },
        );
        assert.match(error.message, says);
      }
    });
  await t.test('a read at ANY', async () => {
    const { field, message } = await refusalOf(raw, 'dynats.get', '{"key":"bad","level":"ANY"}');
    assert.equal(field, 'level');
    assert.match(message, /for writes/);
  });
  await t.test('a write whose deadline has passed is not executed', async () => {
    const error = await refusalOf(raw, 'dynats.put', '{"key":"bad","value":"v","deadline":5}');
    assert.deepEqual([error.code, error.field, error.effect], ['INVALID_REQUEST', 'deadline', 'none']);
    assert.match(error.message, /deadline.*not executed/);
  });
  await t.test('a value within the limit whose JSON outgrows a message names the limit', async () => {
    const body = `{"key":"bad","value":"${'\\u0001'.repeat(174_500)}"}`;
    const { field, message } = await refusalOf(raw, 'dynats.put', body);
    assert.equal(field, 'value');
    assert.match(message, /max_payload/);
  });
  await t.test('in a batch a bad operation fails alone, and a bad shape fails all', async () => {
    const operations = [
      { op: 'put', key: 'good', value: 'v', bucket: 'pair' },
      { op: 'put', key: 'bad', value: 'v', bucket: 'none' },
      { op: 'get', key: 'good', level: 'ANY' },
      { op: 'put', key: '😀'.repeat(257), value: 'v' },
      { op: 'get', key: 'good', bucket: 'pair' },
    ];
    const { results } = (await ask(raw, 'dynats.batch', JSON.stringify({ operations }))) as {
      results: { error?: ErrorBody; found?: boolean; acked?: number }[];
    };
    assert.deepEqual(
      results.map(({ error }) => error?.field),
      [undefined, 'bucket', 'operations[2].level', 'operations[3].key', undefined],
    );
    const shape = await refusalOf(
      raw,
      'dynats.batch',
      JSON.stringify({ operations: [...operations, { op: 'x' }] }),
    );
    assert.equal(shape.field, 'operations[5].op');
    const many = Array.from({ length: 1025 }, () => ({ op: 'get', key: 'k' }));
    assert.equal(
      (await refusalOf(raw, 'dynats.batch', JSON.stringify({ operations: many }))).field,
      'operations',
    );
    await ask(raw, 'dynats.delete', '{"key":"good","bucket":"pair"}');
  });
  for (const { node } of before) {
    const { records } = (await ask(raw, `dynats.node.${node}.records`, '{}')) as {
      records: { key: string }[];
    };
    assert.deepEqual(
      records.map(({ key }) => key),
      [],
    );
  }
  await unharmed(setting, await statuses(setting));
  assert.deepEqual(
    (await statuses(setting)).map(({ pid }) => pid),
    before.map(({ pid }) => pid),
  );
});

test('the client and the command refuse the same, and name the same field', async t => {
  const setting = await shared();
  const { emulator, api, direct } = setting;
  const before = await statuses(setting);
  const cli = (...args: string[]): Promise<Finished> => dynats(...args, '--server', busUrl(emulator, 'n0'));
  // A value a caller without types could pass.
  const level = 'MOST' as Level;
  const cases: readonly {
    what: string;
    field: string;
    says: RegExp;
    call: (client: Client) => Promise<unknown>;
    command?: string[];
  }[] = [
    {
      what: 'an empty key',
      field: 'key',
      says: /1 to 1024 bytes/,
      call: c => c.put('', 'v'),
      command: ['put', '', 'v'],
    },
    {
      what: 'a key over 1 KiB',
      field: 'key',
      says: /1024 bytes/,
      call: c => c.get('😀'.repeat(257)),
      command: ['get', '😀'.repeat(257)],
    },
    { what: 'a lone surrogate', field: 'key', says: /surrogate/, call: c => c.put('\ud800', 'v') },
    { what: 'a key NaN', field: 'key', says: /whole number/, call: c => c.put(Number.NaN, 'v') },
    {
      what: 'a value over the limit',
      field: 'value',
      says: /524288/,
      call: c => c.put('bad', 'v'.repeat(BYTES_MAX + 1)),
    },
    {
      what: 'a value far over the limit',
      field: 'value',
      says: /524288/,
      call: c => c.put('bad', 'v'.repeat(3 * BYTES_MAX)),
    },
    {
      what: 'bytes over the limit',
      field: 'base64',
      says: /524288/,
      call: c => c.put('bad', Buffer.alloc(BYTES_MAX + 1)),
    },
    {
      what: 'a value whose JSON outgrows a message',
      field: 'value',
      says: /max_payload/,
      call: c => c.put('bad', '\u0001'.repeat(BYTES_MAX)),
    },
    {
      what: 'an unknown level',
      field: 'level',
      says: /any.*quorum.*all/i,
      call: c => c.put('bad', 'v', { level }),
      command: ['put', 'bad', 'v', '--level', 'most'],
    },
    {
      what: 'a read at ANY',
      field: 'level',
      says: /for writes/,
      call: c => c.get('bad', { level: Level.Any }),
      command: ['get', 'bad', '--level', 'any'],
    },
    {
      what: 'THREE of two owners',
      field: 'level',
      says: /needs 3 owners/,
      call: c => c.put('bad', 'v', { level: Level.Three, bucket: 'pair' }),
      command: ['put', 'bad', 'v', '--level', 'three', '--bucket', 'pair'],
    },
    {
      what: 'an unknown bucket',
      field: 'bucket',
      says: /(unknown|there is no) bucket "?none/,
      call: c => c.delete('bad', { bucket: 'none' }),
      command: ['del', 'bad', '--bucket', 'none'],
    },
    {
      what: 'a bucket that is no name',
      field: 'bucket',
      says: /letters/,
      call: c => c.put('bad', 'v', { bucket: 'a b' }),
      command: ['put', 'bad', 'v', '--bucket', 'a b'],
    },
    {
      what: 'a timeout of 0',
      field: 'timeoutMs',
      says: /600000/,
      call: c => c.put('bad', 'v', { timeoutMs: 0 }),
    },
    {
      what: 'a timeout of NaN',
      field: 'timeoutMs',
      says: /600000/,
      call: c => c.put('bad', 'v', { timeoutMs: Number.NaN }),
    },
    {
      what: 'a timeout of 1e9',
      field: 'timeoutMs',
      says: /600000/,
      call: c => c.get('bad', { timeoutMs: 1e9 }),
    },
  ];
  for (const { what, field, says, call, command } of cases)
    await t.test(what, async () => {
      for (const client of [api, direct]) {
        const error = await refusal(call(client));
        assert.equal(error.field, field);
        assert.match(error.message, says);
      }
      if (command === undefined) return;
      const { code, stdout, stderr } = await cli(...command);
      assert.equal(code, 3, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, says);
      assert.ok(stderr.includes(field), stderr);
      assert.equal(stderr.trim().split('\n').length, 1, stderr);
    });
  await unharmed(setting, before);
});

const legalKeys: readonly string[] = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  ' ',
  'a b',
  'a.b',
  '..',
  '*',
  '>',
  '😀'.repeat(256),
  '"quoted" \'twice\'',
  'line\nbreak\r\nPUB x 0\r\n',
  '\0',
  'dynats.log.n1',
  '$JS.API.>',
  'é',
  'e\u0301',
];

/** One of each kind that a command line could take for something else; none can hold a NUL. */
const onCommandLine: ReadonlySet<string> = new Set([
  '__proto__',
  ' ',
  '*',
  '😀'.repeat(256),
  '"quoted" \'twice\'',
  'line\nbreak\r\nPUB x 0\r\n',
  'e\u0301',
]);

test('every legal key works in a raw request, in both modes of the client and in the command', {
  concurrency: 4,
}, async t => {
  const { emulator, raw, api, direct } = await shared();
  const before = (await api.status('n0')).keys;
  const server = busUrl(emulator, 'n0');
  const tried = legalKeys.map((key, i) =>
    t.test(JSON.stringify(key).slice(0, 40), async () => {
      await ask(raw, 'dynats.put', JSON.stringify({ key, value: `raw ${i}`, level: 'ALL' }));
      for (const client of [api, direct]) assert.equal((await client.get(key))?.string(), `raw ${i}`);
      await direct.put(key, `direct ${i}`);
      assert.equal((await ask(raw, 'dynats.get', JSON.stringify({ key })))['value'], `direct ${i}`);
      if (!onCommandLine.has(key)) return;
      const put = await dynats('put', key, `cli ${i}`, '--server', server);
      assert.equal(put.code, 0, put.stderr);
      assert.equal((await api.get(key))?.string(), `cli ${i}`);
      assert.equal((await dynats('get', key, '--raw', '--server', server)).stdout, `cli ${i}`);
    }),
  );
  await Promise.all(tried);
  for (const key of onCommandLine) assert.ok(legalKeys.includes(key), key);
  assert.ok((await api.status('n0')).keys <= before + legalKeys.length);
});

test('values of the largest size go in and out, many at once', async () => {
  const { api, direct } = await shared();
  const value = 'v'.repeat(BYTES_MAX);
  for (const client of [api, direct]) {
    const keys = Array.from({ length: 6 }, (_, i) => `large ${i}`);
    await Promise.all(keys.map(key => client.put(key, value, { timeoutMs: 20_000 })));
    const read = await Promise.all(keys.map(key => client.get(key, { timeoutMs: 20_000 })));
    assert.ok(read.every(entry => entry?.value.length === BYTES_MAX));
  }
});

test('a request without a reply subject, or with one that is no inbox, is dropped and counted', async t => {
  const setting = await set(t);
  const { emulator, raw, api } = setting;
  const body = '{"key":"bad","value":"v"}';
  const before = await statuses(setting);
  const subject = 'dynats.node.n1.put';
  raw.publish(subject, body);
  const targets = [
    'dynats.log.n1',
    'dynats.log.n0',
    'dynats.hints.n0.n1',
    '$JS.API.STREAM.PURGE.LOG_n1',
    '$JS.n1.API.STREAM.DELETE.LOG_n1',
    subject,
  ];
  for (const reply of targets) raw.publish(subject, body, { reply });
  for (const reply of targets)
    raw.publish('dynats.replica.n1.read', '{"reads":[{"bucket":"default","key":"k","want":"record"}]}', {
      reply,
    });
  await eventually(
    async () => {
      const { refused } = await api.status('n1');
      assert.deepEqual(refused, { noReply: 1, badReply: 2 * targets.length });
    },
    { deadlineMs: settleMs, what: 'n1 counts what it dropped' },
  );
  for (const node of emulator.nodes) {
    const { records } = await api.records(node);
    assert.deepEqual(records, []);
    const log = (await api.status(node)).log;
    assert.equal(log.id, before.find(status => status.node === node)?.log.id);
    assert.equal(log.invalidEntries, 0, 'nothing was written to a log');
  }
  await unharmed(setting, before);
});

test('forged headers and a reply subject as long as the broker takes do no harm', async t => {
  const setting = await set(t);
  const before = await statuses(setting);
  const headers = natsHeaders();
  for (const [name, value] of [
    ['Nats-Msg-Id', '1'],
    ['Nats-Rollup', 'all'],
    ['Nats-Expected-Last-Sequence', '9'],
    ['Nats-TTL', '1'],
  ] as const)
    headers.set(name, value);
  const { raw } = setting;
  const reply = await raw.request('dynats.put', '{"key":"k","value":"v"}', { headers, timeout: 5000 });
  assert.equal(reply.json<{ acked: number }>().acked >= 2, true);
  const inbox = `_INBOX.${'x'.repeat(3900)}`;
  const answered = new Promise<string>(resolve => {
    raw.subscribe(inbox, { max: 1, callback: (_, message) => resolve(message.string()) });
  });
  raw.publish('dynats.node.n2.get', '{"key":"k"}', { reply: inbox });
  assert.match(await answered, /"value":"v"/);
  await setting.api.delete('k', { level: Level.All });
  const now = await statuses(setting);
  assert.deepEqual(
    now.map(({ pid, state }) => [pid, state]),
    before.map(({ pid }) => [pid, 'serving']),
  );
});

test('log messages that are no entries are skipped and counted, and the node keeps serving, after a restart too', async t => {
  const setting = await set(t);
  const { emulator, raw, api } = setting;
  await api.put(100, 'kept', { level: Level.All });
  const before = await statuses(setting);
  const messages: (string | Uint8Array)[] = [
    '',
    'garbage',
    Uint8Array.of(0, 255, 254),
    '{}',
    'null',
    '{"records":[]}',
    encodeEntry(['{"bucket":"default","key":"bad","value":"v"}']),
    encodeEntry(['{"bucket":"default","key":"bad","value":"v","time":1e400,"writer":"w"}']),
    encodeEntry(['{"bucket":"default","key":"bad","value":"v","deleted":true,"time":5,"writer":"w"}']),
    encodeEntry(['[]']),
  ];
  for (const message of messages) await raw.request('dynats.log.n1', message, { timeout: 5000 });
  const counted = () =>
    eventually(
      async () => {
        const { log, state } = await api.status('n1');
        assert.deepEqual([log.invalidEntries, state], [messages.length, 'serving']);
      },
      { deadlineMs: settleMs, what: 'n1 counts what it skipped' },
    );
  await counted();
  await unharmed(setting, before);
  await emulator.kill('n1', [Part.Replica]);
  assert.equal((await emulator.restart('n1')).state, 'serving');
  await counted();
  assert.equal((await api.get(100, { level: Level.All }))?.string(), 'kept');
});

/** What peers ask each other, and the field each is refused for. */
const badPeers: readonly (readonly [verb: string, body: string, field: string])[] = [
  ['read', '', ''],
  ['read', '{}', 'reads'],
  ['read', '{"reads":[{"bucket":"default","key":"k","want":"all"}]}', 'reads[0].want'],
  ['read', '{"reads":[{"bucket":"a b","key":"k","want":"record"}]}', 'reads[0].bucket'],
  ['read', `{"reads":[${'{"bucket":"default","key":"k","want":"record"},'.repeat(5000)}null]}`, 'reads'],
  ['scan', '{"bucket":"default","want":"records","limit":0,"bytes":1}', 'limit'],
  ['scan', '{"bucket":"default","want":"records","limit":1e9,"bytes":1}', 'limit'],
  ['remembered', '{"node":"a b"}', 'node'],
  ['tree', '{"bucket":"default","owners":["n0"],"root":"0000000000000000"}', 'owners'],
  ['tree', '{"bucket":"default","owners":["n0","n1","n2"],"root":"xyz"}', 'root'],
  [
    'tree',
    '{"bucket":"default","owners":["n0","n1","n2"],"root":"0000000000000000","branches":[1000000]}',
    'branches[0]',
  ],
  ['tree', '{"bucket":"none","owners":["n0","n1","n2"],"root":"0000000000000000"}', 'owners'],
  [
    'leaves',
    '{"bucket":"default","owners":["n0","n1","n2"],"leaves":[-1],"round":"r","want":"record"}',
    'leaves[0]',
  ],
  ['leaves', '{"bucket":"default","owners":["n9"],"leaves":[1],"round":"r","want":"record"}', 'owners'],
  ['held', '{"bucket":"default","keys":"k"}', 'keys'],
];

test('what peers ask is refused with its field, counted, and harms nothing', async t => {
  const setting = await set(t);
  const before = await statuses(setting);
  for (const [verb, body, field] of badPeers)
    await t.test(`${verb} ${body.slice(0, 60)}`, async () => {
      const reply = await setting.raw.request(`dynats.replica.n1.${verb}`, body, { timeout: 5000 });
      const { error } = reply.json<{ error?: ErrorBody }>();
      assert.deepEqual([error?.code, error?.field], ['INVALID_REQUEST', field], reply.string().slice(0, 300));
    });
  assert.equal((await setting.api.status('n1')).refused['invalid'], badPeers.length);
  await unharmed(setting, before);
});

test('a log entry that comes again, late, or under one version with another value changes nothing twice', async t => {
  const { emulator, raw, api } = await set(t);
  const entry = (value: string, time: number) =>
    encodeEntry([JSON.stringify({ bucket: 'default', key: '100', value, time, writer: 'w' })]);
  const time = 1_795_342_443_898_000;
  const entries = [
    entry('b', time),
    entry('b', time),
    entry('old', time - 5),
    entry('a', time),
    entry('b', time),
  ];
  for (const node of emulator.nodes)
    for (const each of entries) await raw.request(`dynats.log.${node}`, each);
  for (const via of emulator.nodes)
    assert.equal((await api.get(100, { via, level: Level.All }))?.string(), 'b');
});

test('headers that a publisher forged are not taken for those of the server, nor after a restart', async t => {
  const { emulator, raw, api } = await set(t);
  const before = (await api.status('n1')).log.applied;
  const forged = [
    natsHeaders(),
    natsHeaders(204, 'EOB'),
    natsHeaders(404, 'Message Not Found'),
    natsHeaders(503, 'No Responders'),
  ];
  const keys = forged.map((_, i) => `forged ${i}`);
  for (const [i, headers] of forged.entries()) {
    headers.set('Nats-Sequence', '999999');
    headers.set('Nats-Subject', 'dynats.log.n0');
    headers.set('Nats-Time-Stamp', '1999-01-01T00:00:00Z');
    headers.set('Nats-Stream', 'LOG_n0');
    const record = { bucket: 'default', key: keys[i], value: 'v', time: 1_795_342_443_898_000, writer: 'w' };
    const entry = encodeEntry([JSON.stringify(record)]);
    await raw.request('dynats.log.n1', entry, { headers, timeout: 5000 });
  }
  const isWhole = () =>
    eventually(
      async () => {
        const { state, log } = await api.status('n1');
        assert.deepEqual([state, log.applied], ['serving', log.lastSequence]);
        assert.ok(log.applied >= before + forged.length && log.applied < 1000, `applied ${log.applied}`);
        const { records } = await api.records('n1', { keys });
        assert.equal(records.length, keys.length);
      },
      { deadlineMs: settleMs, what: 'n1 has all and serves' },
    );
  await isWhole();
  await emulator.kill('n1', [Part.Replica]);
  assert.equal((await emulator.restart('n1')).state, 'serving');
  await isWhole();
});

test('a time from the far future in a log moves no clock', async t => {
  const { raw, api, emulator } = await set(t);
  const time = Number.MAX_SAFE_INTEGER;
  const far = encodeEntry([JSON.stringify({ bucket: 'default', key: 'far', value: 'v', time, writer: 'w' })]);
  await raw.request('dynats.log.n1', far, { timeout: 5000 });
  // Without a version of the client's, so that the node's clock issues one.
  const put = await ask(raw, 'dynats.node.n1.put', '{"key":100,"value":"now"}');
  const issued = Number(String(put['version']).split('@')[0]);
  assert.ok(issued > 0 && issued < (Date.now() + 10_000) * 1000, String(put['version']));

  await t.test(
    'heartbeats of a protocol that is two away are refused, counted and make nobody alive',
    async () => {
      const presence = (await api.cluster()).peers.find(({ node }) => node === 'n3');
      assert.ok(presence !== undefined);
      await emulator.kill('n3');
      const beat = (protocol?: string) => {
        const headers = natsHeaders();
        if (protocol !== undefined) headers.set('Dynats-Protocol', protocol);
        raw.publish('dynats.presence.n3', JSON.stringify({ ...presence, fieldOfLater: [1] }), { headers });
      };
      const isSeen = async () => {
        const { peers, refused } = await api.status('n0');
        return { isAlive: peers['n3']?.writable === true, refused: refused['protocol'] ?? 0 };
      };
      beat(String(PROTOCOL + 2));
      beat('next');
      const told = { deadlineMs: settleMs, what: 'n0 has refused two heartbeats' };
      await eventually(async () => assert.deepEqual(await isSeen(), { isAlive: false, refused: 2 }), told);
      // One before or after is heard, and a field that is not known is passed over; then the probe finds nobody there.
      for (const protocol of [undefined, String(PROTOCOL - 1), String(PROTOCOL + 1)])
        await eventually(
          async () => {
            beat(protocol);
            assert.equal((await isSeen()).isAlive, true);
          },
          { deadlineMs: settleMs, what: `n0 hears protocol ${protocol}` },
        );
    },
  );

  await t.test(
    'an entry of a newer protocol is not skipped: the replica takes writes, answers no reads and says why',
    async () => {
      const { log } = await api.status('n1');
      const newer = encodeLine({ protocol: PROTOCOL + 1, records: [], leases: [] }).subarray(0, -1);
      await raw.request('dynats.log.n1', newer, { timeout: 5000 });
      const isSaid = async () => {
        const { state, reason } = await api.status('n1');
        assert.equal(state, 'recovering');
        assert.match(
          String(reason),
          /^entry \d+ is of protocol 3, and this build speaks 2: start a newer build/,
        );
      };
      await eventually(isSaid, { deadlineMs: settleMs, what: 'n1 says that it cannot read its log' });
      assert.equal((await api.put('100', 'later')).acked >= 2, true);
      await emulator.restart('n3');
      await api.repair('n1');
      await isSaid();
      assert.equal((await api.status('n1')).log.firstSequence, log.firstSequence, 'the log was purged');
    },
  );
});

test('naming a coordinator that is no node says so at once', async () => {
  const { api: client } = await shared();
  for (const via of ['n9', 'a b', '*', 'n1.put', '']) {
    const begun = performance.now();
    const error = await client.put('k', 'v', { via }).then(
      () => assert.fail(`it was taken through ${via}`),
      (reason: unknown) => reason,
    );
    assert.ok(!(error instanceof WriteTimeoutError), `${via}: ${String(error)}`);
    assert.ok(performance.now() - begun < 1900, via);
  }
});
