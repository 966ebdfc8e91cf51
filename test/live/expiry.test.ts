// Records that expire, on real brokers: gone for every coordinator, on every owner, as a delete of their version.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidRequestError, Level } from '../../src/index.js';
import { coordinatorsOf, openClients } from '../support/coordinators.js';
import { dynats, startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const deadlineMs = 15_000;
/** Lives longer than a test of what is not expired takes. */
const longMs = 600_000;

test('expiry', async t => {
  const emulator = await startEmulator(t);
  await using clients = await openClients(emulator, 'n0');
  const { api } = clients;
  const coordinators = coordinatorsOf(clients, nodes);

  await t.test('a record is found until it expires, and then by nobody, on no owner', async () => {
    for (const { client, via, name } of coordinators) {
      const { version } = await client.put(name, 'v', { ttlMs: 1000, ...via });
      const { found, expiresAt } = await api.read(name);
      const time = Number(version.split('@')[0]);
      if (found) assert.equal(expiresAt, time + 1_000_000);
      await eventually(async () => (await api.read(name)).found === false, {
        deadlineMs,
        what: `${name} to expire`,
      });
      for (const other of coordinators) {
        const reply = await other.client.read(name, { ...other.via, level: Level.Quorum });
        assert.deepEqual([reply.found, reply.version], [false, version], `${name} through ${other.name}`);
      }
      await eventually(
        async () => {
          for (const node of nodes)
            for (const record of (await api.records(node, { keys: [name] })).records)
              assert.deepEqual([record.deleted, `${record.time}@${record.writer}`], [true, version], node);
        },
        { deadlineMs, what: `${name} to be a tombstone on all owners` },
      );
    }
  });

  await t.test('it expires while an owner is dead, and stays so when that is back', async () => {
    await api.put('0', 'v', { ttlMs: 2000, level: Level.All });
    await emulator.kill('n1');
    await eventually(async () => (await api.read('0')).found === false, { deadlineMs, what: '0 to expire' });
    await emulator.restart('n1');
    for (const { client, via, name } of coordinators)
      await eventually(async () => (await client.read('0', via)).found === false, {
        deadlineMs,
        what: `${name} to find nothing`,
      });
  });

  await t.test(
    "a bucket's default holds for what names none, and every write begins a new life",
    async () => {
      await api.buckets.create('mortal', { ttlMs: 1000 });
      for (const { client, via, name } of coordinators) {
        await client.put(name, 'v', { bucket: 'mortal', ...via });
        await client.put(`${name} long`, 'v', { bucket: 'mortal', ttlMs: longMs, ...via });
        await client.put(`${name} again`, 'v', { bucket: 'mortal', ...via });
        await client.put(`${name} again`, 'w', { bucket: 'mortal', ttlMs: longMs, ...via });
      }
      for (const { name } of coordinators) {
        await eventually(async () => (await api.read(name, { bucket: 'mortal' })).found === false, {
          deadlineMs,
          what: `${name} to expire`,
        });
        assert.equal((await api.get(`${name} long`, { bucket: 'mortal' }))?.string(), 'v');
        assert.equal((await api.get(`${name} again`, { bucket: 'mortal' }))?.string(), 'w');
      }
    },
  );

  await t.test('touch through every coordinator keeps a record alive, under its version', async () => {
    for (const { client, via, name } of coordinators) {
      const { version } = await client.put(name, 'v', { ttlMs: 5000, ...via });
      const touched = await client.touch(name, { ttlMs: longMs, ...via });
      assert.deepEqual([touched.found, touched.version], [true, version], name);
      const reply = await api.read(name, { level: Level.All });
      assert.deepEqual([reply.value, reply.version, reply.expiresAt], ['v', version, touched.expiresAt]);
      const shorter = await client.touch(name, { ttlMs: 1, ...via });
      assert.equal(shorter.expiresAt, touched.expiresAt);
      assert.equal((await client.touch('nothing', { ttlMs: 1, ...via })).found, false);
      await assert.rejects(client.touch(name, via), InvalidRequestError);
    }
  });

  await t.test('the command: put --ttl, touch', async () => {
    const server = ['--server', emulator.urls[0] ?? ''];
    assert.equal((await dynats('put', 'k', 'v', '--ttl', '1m', ...server)).code, 0);
    const touched = await dynats('touch', 'k', '--ttl', '1h', '--json', ...server);
    assert.equal(touched.code, 0, touched.stderr);
    const { expiresAt } = JSON.parse(touched.stdout) as { expiresAt: number };
    assert.ok(expiresAt > (Date.now() + 3_000_000) * 1000);
    const absent = await dynats('touch', 'nothing', '--ttl', '1h', ...server);
    assert.equal(absent.code, 6, absent.stderr);
    const wrong = await dynats('put', 'k', 'v', '--ttl', 'soon', ...server);
    assert.deepEqual([wrong.code, wrong.stdout], [3, '']);
  });
});

test('a delete is purged once every owner has it, and why says what keeps it', async t => {
  const replica = {
    compaction: { minBytes: 0, ratio: 1.1 },
    antiEntropy: { periodMs: 500, purgeAfterMs: 3000 },
  };
  const emulator = await startEmulator(t, { replica });
  await using clients = await openClients(emulator, 'n0');
  const { api } = clients;
  const server = ['--server', emulator.urls[0] ?? ''];
  // A busy machine may take its time: only an answer tells.
  const why = async () => {
    const { code, stdout, stderr } = await dynats('why', '0', '--timeout', '20s', ...server);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const isHeld = async (alive = nodes) => {
    const held = await Promise.all(alive.map(node => api.records(node, { keys: ['0'] })));
    return held.some(({ records }) => records.length > 0);
  };
  await api.put('0', 'v', { level: Level.All });
  assert.match(await why(), /^default > 0 live: written/);
  await emulator.kill('n2');
  await api.delete('0');
  await eventually(async () => /n2 is down/.test(await why()), {
    deadlineMs,
    what: 'why to name the dead node',
  });
  assert.ok(await isHeld(['n0', 'n1']));
  await emulator.restart('n2');
  await eventually(
    async () => {
      // Something to compact.
      for (const key of nodes) await api.put(key, 'v'.repeat(1000), { level: Level.All });
      return !(await isHeld());
    },
    { deadlineMs: 60_000, what: 'the tombstone to leave every node' },
  );
  assert.match(await why(), /^default > 0 absent/);
  assert.equal(await api.get('0'), undefined);
});
