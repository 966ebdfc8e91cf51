// Scans on real brokers: complete and in order through every coordinator, while a node is dead or hangs, and never older
// than what was acknowledged or seen before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Client,
  DynatsError,
  Entry,
  InvalidRequestError,
  type ScanOptions,
  UnavailableError,
  type WireRecord,
} from '../../src/index.js';
import { compareKeys } from '../../src/model/key-order.js';
import { collect } from '../cli/collect.js';
import { type Clients, type Coordinator, coordinatorsOf, openClients } from '../support/coordinators.js';

import { dynats, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { busUrl, openStreams } from '../support/streams.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const spread = 'spread';
const timeoutMs = 10_000;

/** Keys of every length in UTF-8, among them two whose order in UTF-16 is the other way round. */
const keys = [
  ...Array.from({ length: 700 }, (_, i) => `key ${i}`),
  ...Array.from({ length: 256 }, (_, i) => String(i)),
  '\u{1f600}',
  '\uffee',
  'x'.repeat(1024),
  '__proto__',
];
const inOrder = keys.toSorted(compareKeys);

async function fill(client: Client, bucket: string): Promise<Map<string, string>> {
  const contents = new Map(keys.map(key => [key, `value of ${key.slice(0, 20)}`]));
  const outcomes = await client.putMany(contents, { bucket, level: 'ALL' });
  assert.deepEqual(
    outcomes.filter(outcome => outcome instanceof DynatsError),
    [],
  );
  return contents;
}

async function listed({ client, via }: Coordinator, options: ScanOptions = {}): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  for await (const entry of client.scan({ ...options, ...via })) entries.push([entry.key, entry.string()]);
  return entries;
}

async function keysOf({ client, via }: Coordinator, options: ScanOptions = {}): Promise<string[]> {
  return collect(client.keys({ ...options, ...via }));
}

test('scans', async t => {
  const emulator = await startEmulator(t, {
    buckets: { [spread]: { partitioner: 'murmur3' } },
    replica: withoutAntiEntropy,
  });
  await using clients: Clients = await openClients(emulator, 'n3', timeoutMs);
  await using streams = await openStreams(emulator, 'n3');
  const everyone = coordinatorsOf(clients, nodes);
  const survivors = coordinatorsOf(clients, ['n0', 'n1', 'n3']);
  const contents = await fill(clients.api, 'default');
  await fill(clients.api, spread);
  const sorted = inOrder.map(key => [key, contents.get(key) ?? '']);

  await t.test('list every key once, in the order of UTF-8 bytes, through every coordinator', async () => {
    for (const by of everyone)
      for (const bucket of ['default', spread]) {
        assert.deepEqual(await listed(by, { bucket }), sorted, `${by.name}, ${bucket}`);
        assert.deepEqual(await keysOf(by, { bucket, pageSize: 97 }), inOrder, `${by.name}, ${bucket}`);
      }
  });

  await t.test('keep to prefix, range and limit', async () => {
    const by = everyone[0] as Coordinator;
    const cases: [ScanOptions, (key: string) => boolean][] = [
      [{ prefix: 'key 1' }, key => key.startsWith('key 1')],
      [
        { from: 'key 5', to: 'key 6' },
        key => compareKeys(key, 'key 5') >= 0 && compareKeys(key, 'key 6') < 0,
      ],
      [{ from: 250 }, key => compareKeys(key, '250') >= 0],
      [{ prefix: 'key', to: 'key 2' }, key => key.startsWith('key') && compareKeys(key, 'key 2') < 0],
      [{ prefix: 'nothing begins so' }, () => false],
      [{ from: 'b', to: 'a' }, () => false],
    ];
    for (const [options, isWanted] of cases)
      for (const pageSize of [10, 1000])
        assert.deepEqual(await keysOf(by, { ...options, pageSize }), inOrder.filter(isWanted));
    assert.deepEqual(await keysOf(by, { limit: 7 }), inOrder.slice(0, 7));
    assert.deepEqual(await keysOf(by, { limit: 25, pageSize: 10 }), inOrder.slice(0, 25));
  });

  await t.test('go on where they were when another node takes the next page', async () => {
    const found: string[] = [];
    let next: string | undefined;
    for (let i = 0; ; i++) {
      const request = { limit: 50, ...(next === undefined ? {} : { next }) };
      const reply = await streams.connection.request(`dynats.node.n${i % 4}.scan`, JSON.stringify(request), {
        timeout: timeoutMs,
      });
      const page = reply.json<{ records: { key: string }[]; next?: string }>();
      found.push(...page.records.map(({ key }) => key));
      ({ next } = page);
      if (next === undefined) break;
    }
    assert.deepEqual(found, inOrder);
  });

  await t.test('show large values, one to a message if need be', async () => {
    const large = new Map(Array.from({ length: 6 }, (_, i) => [`large ${i}`, '\u20ac'.repeat(100_000 + i)]));
    await clients.api.putMany(large);
    for (const by of everyone) assert.deepEqual(await listed(by, { prefix: 'large' }), [...large]);
    for (const key of large.keys()) await clients.api.delete(key);
    assert.deepEqual(await listed(everyone[0] as Coordinator, { prefix: 'large' }), []);
  });

  await t.test('find what only one owner holds, and every quorum holds it then', async () => {
    const time = Date.now() * 1000;
    const only = (key: string): WireRecord => ({ bucket: 'default', key, value: 'only', time, writer: 'a' });
    // Owners of all these are n0, n1 and n2.
    for (const holder of ['n0', 'n1', 'n2'])
      await streams.append(holder, [
        only(`!${holder} new`),
        { bucket: 'default', key: '7', deleted: true, time: time + Number(holder[1]), writer: holder },
      ]);
    for (const keysOnly of [true, false])
      for (const by of everyone) {
        if (keysOnly) await keysOf(by, { prefix: '!', level: 'ALL' });
        else assert.equal((await listed(by, { prefix: '!', level: 'ALL' })).length, 3);
      }
    for (const owner of ['n0', 'n1', 'n2']) {
      const logged = (await streams.log(owner))
        .filter(({ key }) => key.startsWith('!'))
        .map(({ key }) => key);
      assert.deepEqual([...new Set(logged)].sort(), ['!n0 new', '!n1 new', '!n2 new'], owner);
    }
    for (const by of everyone) assert.deepEqual(await keysOf(by, { prefix: '7', to: '70' }), []);
    for (const holder of ['n0', 'n1', 'n2']) await clients.api.delete(`!${holder} new`);
    await clients.api.put('7', contents.get('7') ?? '');
  });

  await t.test('never go backwards once one of them has shown what a single owner had', async () => {
    for (const [i, holder] of ['n0', 'n1', 'n2'].entries()) {
      const key = `#${holder}`;
      const time = Date.now() * 1000 + i;
      await streams.append(holder, [{ bucket: 'default', key, value: 'x', time, writer: 'a' }]);
      let wasSeen = false;
      for (const by of [...everyone, ...everyone]) {
        const isSeen = (await keysOf(by, { prefix: key })).length === 1;
        assert.ok(isSeen || !wasSeen, `${by.name} does not see what another one has shown`);
        wasSeen ||= isSeen;
      }
      assert.ok(wasSeen, 'its holder was asked at least once');
      await clients.api.delete(key);
    }
  });

  await t.test('refuse what they cannot carry out, naming the field', async () => {
    const at = (field: string) => (error: unknown) =>
      error instanceof InvalidRequestError && error.field === field;
    for (const client of [clients.api, clients.direct]) {
      await assert.rejects(collect(client.keys({ bucket: 'unknown' })), at('bucket'));
      await assert.rejects(collect(client.keys({ level: 'ANY' })), at('level'));
      await assert.rejects(collect(client.keys({ prefix: '\ud800' })), at('prefix'));
      await assert.rejects(collect(client.keys({ pageSize: 5000 })), at('limit'));
    }
  });

  await t.test('many keys are read and stored in one call, each with an outcome of its own', async () => {
    for (const client of [clients.api, clients.direct]) {
      const put = await client.putMany([
        ['many 1', 'one'],
        ['', 'no key'],
        ['many 2', Buffer.from([0, 255])],
      ]);
      assert.deepEqual(
        put.map(outcome => (outcome instanceof DynatsError ? outcome.code : outcome.key)),
        ['many 1', 'INVALID_REQUEST', 'many 2'],
      );
      const got = await client.getMany(['many 2', 'absent', '', 'many 1']);
      const shown = got.map(outcome =>
        outcome instanceof Entry
          ? [...outcome.value]
          : outcome instanceof DynatsError
            ? outcome.code
            : outcome,
      );
      assert.deepEqual(shown, [[0, 255], undefined, 'INVALID_REQUEST', [...Buffer.from('one')]]);
    }
    await clients.api.delete('many 1');
    await clients.api.delete('many 2');
  });

  await t.test('the command lists what is there', async () => {
    const server = ['--server', busUrl(emulator, 'n3')];
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await dynats('ls', ...args, ...server);
      assert.equal(code, 0, stderr);
      return stdout.split('\n').slice(0, -1);
    };
    assert.deepEqual(await run('-n'), inOrder);
    assert.deepEqual(await run('key 12', '--limit', '2'), [
      'key 12\tvalue of key 12',
      'key 120\tvalue of key 120',
    ]);
    assert.deepEqual(await run('--from', 'key 69', '--to', 'key 692', '-n'), [
      'key 69',
      'key 690',
      'key 691',
    ]);
    const [line = ''] = await run('key 12', '--limit', '1', '--json');
    const { version, ...rest } = JSON.parse(line) as Record<string, string>;
    assert.deepEqual(rest, { key: 'key 12', value: 'value of key 12' });
    assert.match(version ?? '', /@/);
  });

  await t.test('are complete at QUORUM while a node hangs', async () => {
    const hanging = emulator.pause('n2');
    for (const by of survivors) assert.deepEqual(await listed(by), sorted, by.name);
    await hanging;
    for (const by of survivors) assert.deepEqual(await listed(by, { bucket: spread }), sorted, by.name);
    await emulator.resume('n2');
  });

  await t.test('are complete at QUORUM when a node dies on the way', async () => {
    // A node scans as any other does: one of them, and a client that coordinates by itself.
    const some = [survivors[0], survivors.at(-1)].filter(by => by !== undefined);
    for (const by of some) {
      const found: string[] = [];
      let killed: Promise<unknown> | undefined;
      for await (const key of by.client.keys({ ...by.via, bucket: spread, pageSize: 20 })) {
        found.push(key);
        if (found.length === 100) killed = emulator.kill('n2');
      }
      await killed;
      assert.deepEqual(found, inOrder, by.name);
      assert.deepEqual(await listed(by, { bucket: spread }), sorted, by.name);
      if (by !== some.at(-1)) await emulator.restart('n2');
    }
  });

  await t.test(
    'show what was written and deleted while the node was dead, and so it does when it is back',
    async () => {
      const [first = '', ...others] = inOrder;
      const without = others.map(key => [key, contents.get(key) ?? '']);
      for (const bucket of ['default', spread]) {
        await clients.api.delete(first, { bucket });
        await clients.api.put('zz new', 'new', { bucket });
      }
      const expected = [...without, ['zz new', 'new']].toSorted(([a = ''], [b = '']) => compareKeys(a, b));
      for (const bucket of ['default', spread])
        for (const by of survivors) assert.deepEqual(await listed(by, { bucket }), expected, by.name);
      await emulator.restart('n2');
      for (const by of everyone) assert.deepEqual(await listed(by), expected, by.name);
    },
  );

  await t.test('are refused with two owners dead, and show what there is at ONE', async () => {
    await emulator.kill('n0');
    await emulator.kill('n1');
    for (const by of coordinatorsOf(clients, ['n2', 'n3'])) {
      await assert.rejects(keysOf(by, { timeoutMs: 2000 }), (error: unknown) => {
        assert.ok(error instanceof UnavailableError, String(error));
        assert.deepEqual([error.required, error.alive], [2, 1]);
        return true;
      });
      assert.equal((await keysOf(by, { level: 'ONE' })).length, inOrder.length, by.name);
    }
  });
});
