// Buckets on real brokers: made through any node, known to every client, and gone for good once dropped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidRequestError, Level } from '../../src/index.js';
import { anyNode, coordinatorsOf, openClients } from '../support/coordinators.js';
import { dynats, startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const keys = Array.from({ length: 64 }, (_, i) => `key ${i}`);
const deadlineMs = 15_000;

test('buckets at run time', async t => {
  const emulator = await startEmulator(t);
  await using clients = await openClients(emulator, 'n0');
  const { api, direct } = clients;
  const coordinators = coordinatorsOf(clients, nodes);

  await t.test('a bucket is there at once through every coordinator, with its settings', async () => {
    const made = await api.buckets.create('orders', {
      partitioner: 'murmur3',
      replicationFactor: 2,
      level: Level.All,
      valueBytesMax: 100,
    });
    assert.deepEqual([made.partitioner, made.replicationFactor, made.life], ['murmur3', 2, 0]);
    for (const { client, via, name } of coordinators) {
      const reply = await client.put(name, name, { bucket: 'orders', ...via });
      assert.deepEqual([reply.level, reply.required, reply.acked], ['ALL', 2, 2], name);
      await assert.rejects(client.put(name, 'v'.repeat(101), { bucket: 'orders', ...via }), {
        code: 'INVALID_REQUEST',
        field: 'value',
      });
    }
    for (const { client, via } of coordinators)
      assert.equal((await client.get(anyNode, { bucket: 'orders', ...via }))?.string(), anyNode);
    assert.equal(await api.get(anyNode), undefined);
  });

  await t.test('what cannot be done is refused, with what to do', async () => {
    const refused = (work: Promise<unknown>, field: string) =>
      assert.rejects(work, { code: 'INVALID_REQUEST', field });
    await refused(api.buckets.create('orders', { replicationFactor: 3 }), 'bucket');
    await refused(api.buckets.set('orders', { replicationFactor: 3 }), 'replicationFactor');
    await refused(api.buckets.set('orders', { partitioner: 'byte-ordered' }), 'partitioner');
    await refused(api.buckets.create('big', { replicationFactor: 5 }), 'replicationFactor');
    await refused(api.buckets.create('_mine'), 'bucket');
    await refused(api.buckets.drop('default'), 'bucket');
    await refused(api.buckets.drop('nothing'), 'bucket');
    for (const client of [api, direct]) {
      await refused(client.put('orders', '{}', { bucket: '_buckets' }), 'bucket');
      await refused(client.get('k', { bucket: 'nothing' }), 'bucket');
    }
  });

  await t.test('settings change for every coordinator', async () => {
    await api.buckets.set('orders', { level: Level.One, ttlMs: 3_600_000, valueBytesMax: 0 });
    for (const { client, via, name } of coordinators)
      await eventually(
        async () => {
          const { level } = await client.put(name, 'v'.repeat(101), { bucket: 'orders', ...via });
          assert.equal(level, 'ONE');
          const { expiresAt } = await client.read(name, { bucket: 'orders', level: Level.All, ...via });
          assert.ok(expiresAt !== undefined);
        },
        { deadlineMs, what: `${name} to know the new settings` },
      );
  });

  await t.test('a drop that a dead node missed is not undone when the node comes back', async () => {
    for (const key of keys) await api.put(key, 'old', { bucket: 'orders', level: Level.All });
    await emulator.kill('n2');
    await api.buckets.drop('orders');
    await emulator.restart('n2');
    for (const { client, via, name } of coordinators)
      await eventually(
        () => assert.rejects(client.get('key 1', { bucket: 'orders', ...via }), InvalidRequestError),
        { deadlineMs, what: `${name} to know of the drop` },
      );
    await eventually(
      async () => {
        for (const node of nodes) assert.equal((await api.status(node)).keys, 1, node);
      },
      { deadlineMs, what: 'every node to hold the definition alone' },
    );
    assert.deepEqual(
      (await api.buckets.list()).map(({ name }) => name),
      ['default'],
    );
  });

  await t.test(
    'a name used again begins empty, whatever a returning node and its disk still hold',
    async () => {
      assert.equal((await api.buckets.create('carts')).level, 'QUORUM', 'told though nobody named it');
      await api.buckets.create('carts', { level: 'QUORUM' });
      for (const key of keys) await api.put(key, 'old', { bucket: 'carts', level: Level.All });
      await emulator.kill('n3');
      for (const key of keys) await api.put(key, 'older', { bucket: 'carts' });
      await api.buckets.drop('carts');
      const { life } = await api.buckets.create('carts', { partitioner: 'murmur3' });
      assert.equal(life, 1);
      await direct.put('key 0', 'new', { bucket: 'carts' });
      await emulator.restart('n3');
      for (const { client, via, name } of coordinators)
        await eventually(
          async () => {
            const found = await Promise.all(keys.map(key => client.get(key, { bucket: 'carts', ...via })));
            assert.deepEqual(
              found.map(entry => entry?.string()),
              keys.map(key => (key === 'key 0' ? 'new' : undefined)),
            );
          },
          { deadlineMs, what: `${name} to see the new life` },
        );
    },
  );

  await t.test('definitions outlive all processes', async () => {
    await Promise.all(nodes.map(node => emulator.kill(node)));
    await Promise.all(nodes.map(node => emulator.restart(node)));
    await eventually(
      async () => {
        const { partitioner, life } = await api.buckets.info('carts');
        assert.deepEqual([partitioner, life], ['murmur3', 1]);
      },
      { deadlineMs, what: 'the bucket to be known again' },
    );
    assert.equal((await api.get('key 0', { bucket: 'carts' }))?.string(), 'new');
  });

  await t.test('the command makes, shows, changes and drops them', async () => {
    const server = ['--server', emulator.urls[0] ?? ''];
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await dynats('bucket', ...args, ...server);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.match(
      await run('create', 'logs', '--rf', '2', '--ttl', '1h'),
      /^bucket\t.*\nlogs\t.*\t2\t.*\t1h\t/,
    );
    await run('set', 'logs', '--level', 'one', '--ttl', '0');
    const [info] = [JSON.parse(await run('info', 'logs', '--json'))];
    assert.deepEqual(info, {
      name: 'logs',
      partitioner: 'byte-ordered',
      replicationFactor: 2,
      level: 'ONE',
      life: 0,
      change: 1,
    });
    const inspected = await dynats('inspect', '--bucket', 'logs', '--key', '137', ...server);
    assert.match(inspected.stdout, /owners: n2, n3, then/);
    const unconfirmed = await dynats('bucket', 'rm', 'logs', ...server);
    assert.equal(unconfirmed.code, 3);
    assert.match(unconfirmed.stderr, /confirm with -f/);
    assert.match(await run('rm', 'logs', '-f'), /^bucket logs dropped/);
    assert.doesNotMatch(await run('ls'), /logs/);
    const unknown = await dynats('bucket', 'info', 'logs', ...server);
    assert.deepEqual([unknown.code, unknown.stdout], [3, '']);
    assert.match(unknown.stderr, /unknown bucket "logs"; there is carts, default/);
  });
});
