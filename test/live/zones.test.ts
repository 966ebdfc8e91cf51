// Levels on five nodes: by number at every replication factor, and by zone. With zones a,a,b,b,b and RF 5 every node owns every
// key; with RF 4 each zone holds two owners.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import { connect, InvalidRequestError, Level, Mode, UnavailableError } from '../../src/index.js';
import { collect } from '../cli/collect.js';
import { openClients } from '../support/coordinators.js';
import { dynatsWith, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { recordsInLog } from '../support/logs.js';
import { busUrl } from '../support/streams.js';

const nodes = ['n0', 'n1', 'n2', 'n3', 'n4'];
const timeoutMs = 5000;
const noticeMs = 10_000;

/** What each level needs of 1, 3 and 5 owners; undefined where it makes no sense. */
const needs: readonly (readonly [Level, ...(number | undefined)[]])[] = [
  [Level.One, 1, 1, 1],
  [Level.Two, undefined, 2, 2],
  [Level.Three, undefined, 3, 3],
  [Level.Quorum, 1, 2, 3],
  [Level.All, 1, 3, 5],
];

for (const [column, rf] of [1, 3, 5].entries())
  test(`every level with ${rf} of 5 nodes as owners, while their owners die one after another`, async t => {
    const emulator = await startEmulator(t, {
      nodes: 5,
      replicationFactor: rf,
      partitioner: 'byte-ordered',
      replica: withoutAntiEntropy,
    });
    // Key 0 belongs to the first nodes from n0 on; n4, or at RF 5 whoever lives longest, is never killed.
    await using clients = await openClients(emulator, 'n4', timeoutMs);
    const { api } = clients;
    await api.put('0', 'first', { level: Level.All });
    const mortal = nodes.slice(0, Math.min(rf, 4));
    for (let dead = 0; dead <= mortal.length; dead++) {
      const victim = mortal[dead - 1];
      if (victim !== undefined) {
        await emulator.kill(victim);
        await isNoticed(emulator, clients.api, victim, 'n4');
      }
      const alive = rf - dead;
      for (const [level, ...required] of needs) {
        const need = required[column];
        const about = `${level}, RF ${rf}, ${alive} owners alive`;
        for (const client of [api, clients.direct]) {
          const via = client === api ? { via: 'n4' } : {};
          const requests = [
            () => client.put('0', about, { level, ...via }),
            () => client.read('0', { level, ...via }),
          ];
          for (const request of requests)
            if (need === undefined) await assert.rejects(request, InvalidRequestError, about);
            else if (alive >= need) assert.equal((await request()).required, need, about);
            // A client that coordinates by itself may notice the death a moment later than the nodes.
            else
              await eventually(
                () =>
                  assert.rejects(
                    request,
                    (error: unknown) =>
                      error instanceof UnavailableError && error.required === need && error.alive === alive,
                    about,
                  ),
                { deadlineMs: noticeMs, what: `${about}: refused` },
              );
        }
      }
      // ANY counts a hint: it works with every owner dead.
      assert.ok((await api.put('0', 'any', { level: Level.Any, via: 'n4' })).acked >= 1);
    }
  });

test('two zones', async t => {
  const emulator = await startEmulator(t, {
    nodes: 5,
    replicationFactor: 4,
    zones: ['a', 'a', 'b', 'b', 'b'],
    replica: withoutAntiEntropy,
  });
  const inA = { servers: busUrl(emulator, 'n0'), timeoutMs, nats: { ignoreClusterUpdates: true } };
  await using direct = await connect({ ...inA, mode: Mode.Direct, zone: 'a' });
  await using api = await connect({ ...inA, zone: 'a' });
  await using placeless = await connect({ ...inA, mode: Mode.Direct });
  const modes = [
    ['coordinated by the client', direct],
    ['through any node', api],
  ] as const;

  await t.test('each key has two owners in each of them', async () => {
    const keys = Array.from({ length: 64 }, (_, i) => String(i * 4));
    await Promise.all(keys.map(key => api.put(key, 'placed', { level: Level.All })));
    const holders = new Map(keys.map(key => [key, new Set<string>()]));
    // A client that asked two coordinators, the first being late, has it in a log twice.
    for (const node of nodes)
      for (const { key } of await recordsInLog(emulator, node)) holders.get(key)?.add(node);
    for (const [key, of] of holders) {
      const inZoneA = ['n0', 'n1'].filter(node => of.has(node));
      assert.deepEqual([of.size, inZoneA.length], [4, 2], `key ${key} is on ${[...of]}`);
    }
  });

  await t.test('with both up every level works', async () => {
    for (const [, client] of modes) {
      assert.equal((await client.put('0', 'local', { level: Level.LocalQuorum })).required, 2);
      assert.equal((await client.put('0', 'each', { level: Level.EachQuorum })).required, 4);
      assert.equal((await client.read('0', { level: Level.EachQuorum })).value, 'each');
      assert.equal((await client.get('0', { level: Level.LocalQuorum }))?.string(), 'each');
    }
    for (const via of nodes)
      assert.equal((await placeless.read('0', { level: Level.LocalQuorum, via })).required, 2, via);
  });

  await t.test('a client that coordinates and names no zone is told so', async () => {
    const isLevel = (error: unknown) => error instanceof InvalidRequestError && error.field === 'level';
    await assert.rejects(placeless.put('0', 'x', { level: Level.LocalQuorum }), isLevel);
    await assert.rejects(collect(placeless.keys({ level: Level.LocalQuorum })), isLevel);
  });

  await t.test('scans list every key at both levels, through every coordinator', async () => {
    const all = (await collect(api.keys())).length;
    assert.ok(all >= 64);
    for (const level of [Level.LocalQuorum, Level.EachQuorum]) {
      for (const [how, client] of modes)
        assert.equal((await collect(client.scan({ level, pageSize: 20 }))).length, all, `${level} ${how}`);
      for (const via of nodes) assert.equal((await collect(placeless.keys({ level, via }))).length, all);
    }
  });

  await t.test('receipts say what was asked of which zone', async () => {
    for (const [how, client] of modes) {
      const { receipt } = await client.put('0', how, { level: Level.LocalQuorum, trace: true });
      assert.match(receipt?.why ?? '', /LOCAL_QUORUM needs 2 owners in zone a: 2 stored it/);
      const read = await client.read('0', { level: Level.EachQuorum, trace: true });
      assert.match(read.receipt?.why ?? '', /2 owners in zone a and 2 owners in zone b: 2 and 2 answered/);
    }
  });

  await t.test('a session that goes from zone to zone reads what it wrote', async () => {
    const session = placeless.session();
    for (let i = 0; i < 25; i++) {
      const [writer, reader] = [nodes[i % 5] ?? '', nodes[(i * 2 + 3) % 5] ?? ''];
      await session.put('0', `turn ${i}`, { level: Level.LocalQuorum, via: writer });
      const entry = await session.get('0', { level: Level.LocalQuorum, via: reader });
      assert.equal(entry?.string(), `turn ${i}`, `${writer}, then ${reader}`);
    }
  });

  await t.test(
    'with one owner of zone b dead, zone a goes on by itself, and both together do not',
    async () => {
      // Key 0: n0 and n1 of zone a, n2 and n3 of zone b.
      await emulator.kill('n3');
      await isNoticed(emulator, api, 'n3', 'n0', 'n1', 'n2', 'n4');
      for (const [how, client] of modes) {
        await eventually(
          () =>
            assert.rejects(client.put('0', 'never', { level: Level.EachQuorum }), (error: unknown) => {
              assert.ok(error instanceof UnavailableError, String(error));
              const { required, alive, zone } = error;
              assert.deepEqual({ required, alive, zone }, { required: 2, alive: 1, zone: 'b' });
              return true;
            }),
          { deadlineMs: noticeMs, what: `EACH_QUORUM is refused, ${how}` },
        );
        assert.equal((await client.put('0', how, { level: Level.LocalQuorum })).required, 2);
        assert.equal((await client.read('0', { level: Level.LocalQuorum })).value, how);
        assert.equal((await client.read('0', { level: Level.Quorum })).value, how);
        assert.equal((await client.scan({ level: Level.LocalQuorum, to: '00' }).next()).value?.string(), how);
        await assert.rejects(
          collect(client.keys({ level: Level.EachQuorum })),
          (error: unknown) => error instanceof UnavailableError && error.zone === 'b',
        );
      }
    },
  );

  await t.test('the command line says which zone lacks owners', async () => {
    const env = { NATS_URL: busUrl(emulator, 'n0') };
    const each = await dynatsWith(env, 'put', '0', 'x', '--level', 'each_quorum');
    assert.equal(each.code, 5);
    assert.match(each.stderr, /EACH_QUORUM needs 2 owners of key 0 in zone b, 1 alive \(n3 down\)/);
    const there = await dynatsWith(env, 'put', '0', 'x', '--level', 'local_quorum', '--zone', 'b');
    assert.equal(there.code, 5);
    assert.match(there.stderr, /LOCAL_QUORUM needs 2 owners of key 0 in zone b, 1 alive/);
    const here = await dynatsWith(
      env,
      'put',
      '0',
      'from the shell',
      '--level',
      'local_quorum',
      '--zone',
      'a',
    );
    assert.equal(here.code, 0, here.stderr);
    const listed = await dynatsWith(env, 'ls', '0', '--level', 'local_quorum', '--zone', 'a');
    assert.match(listed.stdout, /^0\tfrom the shell$/m);
    const refused = await dynatsWith(env, 'ls', '--level', 'local_quorum', '--zone', 'b');
    assert.equal(refused.code, 5);
    assert.match(refused.stderr, /in zone b/);
  });

  await t.test('with all of zone b dead, zone a takes every write at LOCAL_QUORUM', async () => {
    for (const node of ['n2', 'n4']) await emulator.kill(node);
    await isNoticed(emulator, api, 'n4', 'n0', 'n1');
    for (const [how, client] of modes) {
      // What a client writes is newer than what it has read.
      await client.get('0', { level: Level.LocalQuorum });
      for (let i = 0; i < 20; i++) {
        await client.put('0', `${how} ${i}`, { level: Level.LocalQuorum });
        assert.equal((await client.get('0', { level: Level.LocalQuorum }))?.string(), `${how} ${i}`);
      }
    }
  });

  await t.test('and zone b has all of it when it is back', async () => {
    const newest = (await api.get('0', { level: Level.LocalQuorum }))?.string();
    for (const node of ['n2', 'n3', 'n4']) await emulator.restart(node);
    await eventually(
      async () => {
        const { records } = await api.records('n2', { keys: ['0'] });
        assert.equal(records[0]?.value, newest);
        assert.equal((await api.get('0', { level: Level.EachQuorum }))?.string(), newest);
      },
      { deadlineMs: noticeMs, what: 'n2 has the newest, and EACH_QUORUM works again' },
    );
  });
});

/** Waits until `observers` count `node` as dead. */
async function isNoticed(
  emulator: Emulator,
  client: Awaited<ReturnType<typeof connect>>,
  node: string,
  ...observers: string[]
): Promise<void> {
  assert.ok(emulator.nodes.includes(node));
  await eventually(
    async () => {
      for (const observer of observers)
        assert.equal((await client.status(observer)).peers[node]?.writable, false, observer);
    },
    { deadlineMs: noticeMs, what: `${observers} know that ${node} is dead` },
  );
}
