// LOCAL_QUORUM and EACH_QUORUM as the level of a bucket, for requests that name none. Zones a,a,b,b,b and RF 4: key 0 belongs to
// n0 and n1 of zone a, n2 and n3 of zone b.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, Level, Mode, type PutReply, UnavailableError } from '../../src/index.js';
import { collect } from '../cli/collect.js';
import { dynats as dynatsPiped } from '../cli/run-dynats.js';
import { dynatsWith, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl } from '../support/streams.js';

const nodes = ['n0', 'n1', 'n2', 'n3', 'n4'];
const timeoutMs = 5000;
const noticeMs = 10_000;
/** Each bucket, its level, and how many owners that needs. */
const buckets = [
  { bucket: 'near', level: Level.LocalQuorum, required: 2 },
  { bucket: 'each', level: Level.EachQuorum, required: 4 },
] as const;

test('buckets of two zones', async t => {
  const emulator = await startEmulator(t, {
    nodes: 5,
    replicationFactor: 4,
    zones: ['a', 'a', 'b', 'b', 'b'],
    replica: withoutAntiEntropy,
  });
  const about = { servers: busUrl(emulator, 'n0'), timeoutMs, nats: { ignoreClusterUpdates: true } };
  await using direct = await connect({ ...about, mode: Mode.Direct, zone: 'a' });
  await using api = await connect({ ...about, zone: 'a' });
  await using inB = await connect({ ...about, zone: 'b' });
  await using placeless = await connect(about);
  const inA = [
    { how: 'through any node', client: api },
    { how: 'coordinated by the client', client: direct },
  ];
  for (const { bucket, level } of buckets) await api.buckets.create(bucket, { level });

  await t.test('a request that names no level has the level of its bucket, whoever coordinates', async () => {
    for (const { bucket, level, required } of buckets) {
      const ways = [...inA, ...nodes.map(via => ({ how: via, client: placeless, via }))];
      for (const { how, client, ...via } of ways) {
        const options = { bucket, ...via };
        const expected = [level, required];
        const shown = ({ level: used, required: needed }: Pick<PutReply, 'level' | 'required'>) => [
          used,
          needed,
        ];
        const why = `${bucket}, ${how}`;
        assert.deepEqual(shown(await client.put('0', how, { ...options, ttlMs: 3_600_000 })), expected, why);
        assert.deepEqual(shown(await client.read('0', options)), expected, why);
        assert.equal((await client.touch('0', { ...options, ttlMs: 7_200_000 })).level, level, why);
        assert.equal((await client.scan(options).next()).value?.string(), how, why);
        assert.deepEqual(shown(await client.delete('gone', options)), expected, why);
        assert.equal((await client.put('0', how, { ...options, level: Level.One })).level, 'ONE', why);
      }
      const [outcome] = await api.batch([{ op: 'put', key: '0', value: 'batch', bucket }]);
      assert.ok(outcome !== undefined && 'level' in outcome && outcome.level === level);
    }
  });

  await t.test(
    'without zone b its own requests and EACH_QUORUM are refused, those of zone a are not',
    async () => {
      for (const node of ['n2', 'n3']) await emulator.kill(node);
      const isRefused = (work: () => Promise<unknown>, what: string) =>
        eventually(
          () =>
            assert.rejects(work, (error: unknown) => {
              assert.ok(error instanceof UnavailableError, `${what}: ${error}`);
              assert.deepEqual([error.zone, error.required], ['b', 2], what);
              return true;
            }),
          { deadlineMs: noticeMs, what },
        );
      for (const { how, client } of inA) {
        await isRefused(() => client.put('0', 'never', { bucket: 'each' }), `a write in each, ${how}`);
        await isRefused(() => client.get('0', { bucket: 'each' }), `a read in each, ${how}`);
        await isRefused(() => collect(client.keys({ bucket: 'each' })), `a scan of each, ${how}`);
        assert.equal((await client.put('0', how, { bucket: 'near' })).required, 2);
        assert.equal((await client.get('0', { bucket: 'near' }))?.string(), how);
        assert.deepEqual(await collect(client.keys({ bucket: 'near', to: '00' })), ['0']);
      }
      await isRefused(() => inB.put('0', 'never', { bucket: 'near' }), 'a write in near from zone b');
      await isRefused(() => inB.get('0', { bucket: 'near' }), 'a read in near from zone b');
      await isRefused(() => collect(inB.keys({ bucket: 'near' })), 'a scan of near from zone b');
    },
  );

  await t.test(
    'the command line, its console and imports go by it, and name it when they are refused',
    async () => {
      const env = { NATS_URL: busUrl(emulator, 'n0') };
      const each = await dynatsWith(env, 'put', '0', 'x', '--bucket', 'each');
      assert.equal(each.code, 5);
      assert.match(each.stderr, /EACH_QUORUM needs 2 owners of key 0 in zone b, 0 alive \(n2, n3 down\)/);
      const near = await dynatsWith(env, 'put', '0', 'x', '--bucket', 'near', '--zone', 'a');
      assert.match(near.stdout, / @ LOCAL_QUORUM, 2 owners acked$/m, near.stderr);
      const script = 'CONSISTENCY\nvia n0\nput 0 y\nget 0\n';
      const told = await dynatsPiped(['console', '--bucket', 'near'], { stdin: script, env });
      assert.equal(told.code, 0, told.stderr);
      assert.match(
        told.stdout,
        /^Current consistency level is LOCAL_QUORUM \(the default of bucket near\)\.$/m,
      );
      assert.match(told.stdout, /^stored 0 @ LOCAL_QUORUM, 2 owners acked, .*\ny$/m);
      const line = '{"key":"0","value":"z"}\n';
      const imported = await dynatsPiped(['import', '-', '--bucket', 'near', '--zone', 'a'], {
        stdin: line,
        env,
      });
      assert.equal(imported.code, 0, imported.stderr);
      const placeless = await dynatsPiped(['import', '-', '--bucket', 'near'], { stdin: line, env });
      assert.equal(placeless.code, 5);
      assert.match(placeless.stderr, /LOCAL_QUORUM needs to know which zone is local/);
    },
  );

  await t.test('with zone b back, what zone a wrote is there too, and a changed level holds', async () => {
    for (const node of ['n2', 'n3']) await emulator.restart(node);
    await eventually(async () => assert.equal((await inB.get('0', { bucket: 'near' }))?.string(), 'z'), {
      deadlineMs: noticeMs,
      what: 'zone b has what zone a wrote',
    });
    await api.buckets.set('near', { level: Level.EachQuorum });
    for (const { how, client } of inA)
      await eventually(
        async () => assert.equal((await client.put('0', how, { bucket: 'near' })).level, 'EACH_QUORUM'),
        { deadlineMs: noticeMs, what: `${how}: the new level` },
      );
  });
});
