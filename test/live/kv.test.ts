// A codebase that uses @nats-io/kv changes its import: one program runs against both, and sees the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Base64KeyCodec, NoopKvCodecs, Kvm as TheirKvm } from '@nats-io/kv';
import { connect, type QueuedIterator } from '@nats-io/transport-node';
import { type KV, type KvEntry, Kvm, type KvWatchEntry, NotSupportedError } from '../../src/kv/kvm.js';
import { cleanUp, startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl } from '../support/streams.js';

const emulator = (t: Parameters<typeof startEmulator>[0]) => startEmulator(t, { partitioner: 'murmur3' });
/** The part of an entry that does not depend on when, or as what number, it was stored. */
const plain = (entry: KvEntry) => {
  const { bucket, key, operation, length } = entry;
  return { bucket, key, operation, length, text: entry.string() };
};

async function all<T>(iterator: QueuedIterator<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of iterator) found.push(each);
  return found;
}

/**
 * The first `count` of what a watch shows; then it is stopped. Which are updates is not compared: @nats-io/kv calls the last
 * entry that was there one, too.
 */
async function some(iterator: QueuedIterator<KvWatchEntry>, count: number): Promise<object[]> {
  const found: object[] = [];
  for await (const entry of iterator) {
    assert.equal(typeof entry.isUpdate, 'boolean');
    found.push(plain(entry));
    if (found.length === count) iterator.stop();
  }
  return found;
}

/** Everything a user of one version of each key does; what is seen is returned. */
async function program(kv: KV): Promise<unknown[]> {
  const seen: unknown[] = [];
  const see = (what: unknown) => seen.push(what);
  see(await kv.get('nothing.here'));
  const first = await kv.put('users.ann', 'Ann');
  const second = await kv.put('users.bob', new TextEncoder().encode('Bob'));
  const third = await kv.put('users.ann', JSON.stringify({ name: 'Ann' }));
  see([first < second, second < third]);
  const ann = await kv.get('users.ann');
  assert.ok(ann !== null && ann.created instanceof Date && ann.value instanceof Uint8Array);
  see([plain(ann), ann.json(), ann.revision === third]);
  see((await kv.get('users.ann', { revision: third }))?.string());
  await kv.put('groups.all', '');
  see(plain((await kv.get('groups.all')) ?? assert.fail()));
  see((await all(await kv.keys())).sort());
  see((await all(await kv.keys('users.*'))).sort());
  see((await all(await kv.keys(['groups.>', 'users.bob']))).sort());
  const history = await all(await kv.history({ key: 'users.>' }));
  see(history.map(plain).sort((a, b) => a.key.localeCompare(b.key)));
  await kv.delete('users.bob');
  see(plain((await kv.get('users.bob')) ?? assert.fail()));
  see((await all(await kv.keys('users.>'))).sort());

  const updates = some(await kv.watch({ key: 'users.*', include: 'updates' }), 2);
  const last = some(await kv.watch({ key: 'users.ann' }), 3);
  const bare = some(await kv.watch({ key: 'groups.all', headers_only: true }), 1);
  const living = some(await kv.watch({ key: 'users.cid', ignoreDeletes: true, include: 'updates' }), 2);
  see(await bare);
  await kv.put('users.cid', '1');
  await kv.put('groups.other', 'not seen');
  await kv.delete('users.cid');
  see(await updates);
  await kv.put('users.cid', '2');
  see(await living);
  await kv.put('users.ann', 'changed');
  await kv.delete('users.ann');
  see(await last);
  await kv.purge('users.cid');
  see((await all(await kv.keys())).sort());
  for (const bad of ['', 'a b', '.a', 'a.']) {
    await assert.rejects(kv.put(bad, ''), /invalid key/);
    await assert.rejects(kv.get(bad), /invalid key/);
  }
  const { bucket, values, history: versions, max_bytes: bytesMax } = await kv.status();
  see({ bucket, versions, bytesMax, values: values > 0 });
  return seen;
}

test('one program does the same with dynats/kv as with @nats-io/kv', async t => {
  const cluster = await emulator(t);
  const connection = await connect({ servers: busUrl(cluster, 'n0') });
  cleanUp(t, () => connection.close());
  const onLog = await connect({ servers: cluster.logUrl('n0') });
  cleanUp(t, () => onLog.close());

  const theirs = await new TheirKvm(onLog).create('people');
  const kvm = new Kvm(connection);
  const ours = await kvm.create('people');
  assert.deepEqual(await program(ours), await program(theirs as unknown as KV));

  await t.test('with codecs, with a JetStream client, and in mode direct too', async () => {
    const codec = { key: Base64KeyCodec(), value: NoopKvCodecs().value };
    const coded = await new Kvm(jetstream(connection)).create('coded', { codec });
    const plainly = await new Kvm(connection, { mode: 'direct', level: 'ALL' }).open('coded');
    await coded.put('users.ann', 'Ann');
    assert.deepEqual(await all(await plainly.keys()), ['dXNlcnM=.YW5u']);
    assert.equal((await plainly.get('dXNlcnM=.YW5u'))?.string(), 'Ann');
    const found = await coded.get('users.ann');
    assert.deepEqual([found?.key, found?.rawKey], ['users.ann', 'dXNlcnM=.YW5u']);
    assert.deepEqual(await all(await coded.keys('users.*')), ['users.ann']);
  });

  await t.test('buckets are made with what they can have, listed, opened and destroyed', async () => {
    const kv = await kvm.create('short', { ttl: 500, maxValueSize: 10, replicas: 2, history: 1 });
    const { ttl, maxValueSize, replicas } = await kv.status();
    assert.deepEqual({ ttl, maxValueSize, replicas }, { ttl: 500, maxValueSize: 10, replicas: 2 });
    await kvm.create('short');
    await assert.rejects(kvm.create('short', { ttl: 600 }), /bucket short is there with another ttlMs/);
    await assert.rejects(kv.put('long', 'x'.repeat(11)), { code: 'INVALID_REQUEST' });
    await kv.put('brief', 'x');
    await eventually(async () => assert.notEqual((await kv.get('brief'))?.operation, 'PUT'), {
      deadlineMs: 5000,
      what: 'it has expired',
    });
    const names = (await kvm.list().next()).map(({ bucket }) => bucket);
    assert.ok(names.includes('short') && names.includes('people'), names.join());
    assert.equal(await kv.destroy(), true);
    for await (const { bucket } of kvm.list()) assert.notEqual(bucket, 'short');
    await assert.rejects(kv.get('brief'), { code: 'INVALID_REQUEST', field: 'bucket' });
  });

  await t.test('a watch tells what was there from what is new', async () => {
    const seen: [string, boolean][] = [];
    await ours.put('told.old', '');
    const watch = await ours.watch({ key: 'told.*' });
    for await (const { key, isUpdate } of watch) {
      seen.push([key, isUpdate]);
      if (seen.length === 1) await ours.put('told.new', '');
      else watch.stop();
    }
    assert.deepEqual(seen, [
      ['told.old', false],
      ['told.new', true],
    ]);
  });

  await t.test('a pattern deletes every key that fits', async () => {
    for (const key of ['drop.a', 'drop.b', 'keep.a']) await ours.put(key, key);
    await ours.delete('drop.*');
    assert.deepEqual(await all(await ours.keys(['drop.>', 'keep.>'])), ['keep.a']);
  });

  await t.test('what there is not is refused by name', async () => {
    const calls: [feature: string, call: () => Promise<unknown>][] = [
      ['create', () => ours.create('new', '')],
      ['update', () => ours.update('new', '', 1)],
      ['put with previousSeq', () => ours.put('new', '', { previousSeq: 0 })],
      ['delete with previousSeq', () => ours.delete('new', { previousSeq: 1 })],
      ['purge with ttl', () => ours.purge('new', { ttl: '1m' })],
      ['history of 5', () => kvm.create('new', { history: 5 })],
      ['storage in memory', () => kvm.create('new', { storage: 'memory' })],
      ['mirror', () => kvm.create('new', { mirror: { name: 'other' } })],
      ['max_bytes', () => kvm.create('new', { max_bytes: 1000 })],
    ];
    for (const [feature, call] of calls)
      await assert.rejects(call, error => error instanceof NotSupportedError && error.feature === feature);
    const status = await ours.status();
    assert.throws(() => status.streamInfo, { code: 'NOT_SUPPORTED', feature: 'streamInfo' });
    assert.equal(await ours.get('new'), null);
  });

  await t.test('the connection stays as it was when the client that borrowed it is closed', async () => {
    const { connect: connectClient } = await import('../../src/index.js');
    const client = await connectClient({ connection, mode: 'direct' });
    await client.put('137', 'borrowed');
    await client.close();
    assert.ok(!connection.isClosed());
    await assert.rejects(client.get('137'), { code: 'CLOSED' });
    await connection.flush();
    await jetstreamManager(connection, { domain: 'n0', checkAPI: false }).then(manager =>
      manager.streams.info('LOG_n0'),
    );
  });
});
