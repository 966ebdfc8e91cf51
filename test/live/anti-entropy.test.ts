// Owners that differ come to hold the same by themselves, or when asked to; owners that agree hardly talk.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import type { ReplicaSettings } from '../../src/emulator/options.js';
import { type Client, connect } from '../../src/index.js';
import type { LeafRequest } from '../../src/wire/generated/types.js';
import { dynats, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { fill } from '../support/filled-store.js';
import { serves } from '../support/status-when.js';
import { busUrl, openStreams, type Streams } from '../support/streams.js';

/** Owned by n0, n1 and n2. */
const key = '5';
const owners = ['n0', 'n1', 'n2'];
const target = 'n1';
const convergenceMs = 20_000;
const never = 24 * 60 * 60 * 1000;

interface Cluster {
  readonly emulator: Emulator;
  /** On the bus server of n3, which stays alive. */
  readonly client: Client;
  readonly streams: Streams;
}

async function started(t: TestContext, replica: ReplicaSettings): Promise<Cluster> {
  const emulator = await startEmulator(t, { replica });
  const client = await connect({
    servers: busUrl(emulator, 'n3'),
    timeoutMs: 10_000,
    nats: { ignoreClusterUpdates: true },
  });
  t.after(() => client.close());
  const streams = await openStreams(emulator, 'n3');
  t.after(() => streams.connection.close());
  return { emulator, client, streams };
}

/** What the memory of a node holds of `key`; looking at it repairs nothing. */
async function valueAt(client: Client, node: string): Promise<string | undefined> {
  return (await client.records(node, { keys: [key] })).records[0]?.value;
}

const record = (value: string) => ({
  bucket: 'default',
  key,
  value,
  time: Date.now() * 1000,
  writer: 'outsider',
});

/** Counts the requests of anti-entropy between replicas, by kind. */
function countRequests({ emulator, client, streams }: Cluster): {
  take(): Promise<Record<string, number>>;
  /** How many leaves each request for leaves asked for. */
  readonly leaves: number[];
} {
  const { connection } = streams;
  const leaves: number[] = [];
  connection.subscribe('dynats.replica.*.leaves', {
    callback: (error, message) => {
      if (error === null) leaves.push(message.json<LeafRequest>().leaves.length);
    },
  });
  let counts: Record<string, number> = {};
  for (const kind of ['tree', 'leaves', 'held'])
    connection.subscribe(`dynats.replica.*.${kind}`, {
      callback: () => {
        counts[kind] = (counts[kind] ?? 0) + 1;
      },
    });
  return {
    leaves,
    async take() {
      // What a node sent before its answer has reached this bus server with it, and this connection by the flush.
      await Promise.all(emulator.nodes.map(node => client.status(node)));
      await connection.flush();
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}

test('owners that differ in one entry come to agree without any read', async t => {
  const { client, streams } = await started(t, { antiEntropy: { periodMs: 500 } });
  await streams.append(target, [record('only in one log')]);
  for (const node of owners)
    await eventually(async () => (await valueAt(client, node)) === 'only in one log', {
      deadlineMs: convergenceMs,
      what: `${node} holds it`,
    });
});

test('two values under one version end as the same one everywhere', async t => {
  const { client, streams } = await started(t, { antiEntropy: { periodMs: 500 } });
  const one = record('a');
  for (const [node, value] of [
    ['n0', 'b'],
    ['n1', 'c'],
    ['n2', 'a'],
  ] as const)
    await streams.append(node, [{ ...one, value }]);
  for (const node of owners)
    await eventually(async () => (await valueAt(client, node)) === 'c', {
      deadlineMs: convergenceMs,
      what: `${node} holds the larger value`,
    });
});

test('owners that agree exchange as many messages for 10,000 keys as for 10, and few', async t => {
  const cluster = await started(t, withoutAntiEntropy);
  const { emulator, client, streams } = cluster;
  const requests = countRequests(cluster);
  const repairAll = async () => {
    for (const node of emulator.nodes) await client.repair(node);
    return requests.take();
  };
  await fill(client, 0, 10);
  const few = await repairAll();
  await fill(client, 10, 10_000);
  assert.deepEqual(await repairAll(), few);
  // Four groups of three owners, each of whom asks the two others once; and the four of the buckets' definitions.
  assert.deepEqual(few, { tree: 24 + 12 });

  await streams.append(target, [record('only in one log')]);
  const { found } = await client.repair('n0');
  assert.deepEqual(found, { compared: 9, different: 2, fetched: 1, sent: 1 }, 'fetched, and passed on to n2');
  // Where one side has nothing, its leaf is answered with records: no third kind of request.
  assert.deepEqual(await requests.take(), { tree: 11, leaves: 2 });
  assert.deepEqual(requests.leaves, [1, 1], 'no leaf but the one that differs');
});

test('dynats repair finds what differs, repairs it, and says so', async t => {
  const { emulator, client, streams } = await started(t, withoutAntiEntropy);
  const run = (...args: string[]) =>
    dynats('repair', ...args, '--data', path.dirname(emulator.files('n0').dir));
  await streams.append(target, [record('only in one log')]);

  const counted = await run('--dry-run', '--json');
  assert.equal(counted.code, 0, counted.stderr);
  const replies = counted.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.deepEqual(
    replies.map(({ node, dryRun, found }) => ({ node, dryRun, ...found })),
    [
      { node: 'n0', dryRun: true, compared: 9, different: 1, fetched: 1, sent: 0 },
      { node: 'n1', dryRun: true, compared: 9, different: 2, fetched: 0, sent: 2 },
      { node: 'n2', dryRun: true, compared: 9, different: 1, fetched: 1, sent: 0 },
      { node: 'n3', dryRun: true, compared: 9, different: 0, fetched: 0, sent: 0 },
    ],
  );
  assert.equal(await valueAt(client, 'n0'), undefined, 'counting changes nothing');
  assert.deepEqual((await client.status(target)).antiEntropy.totals.compared, 0);

  const repaired = await run(target);
  assert.equal(repaired.code, 0, repaired.stderr);
  assert.match(repaired.stdout, /^node\tcompared\tdifferent\tfetched\tsent\ttook\tnote\nn1\t9\t2\t0\t2\t/);
  for (const node of owners) assert.equal(await valueAt(client, node), 'only in one log', node);
  const { antiEntropy } = await client.status(target);
  const { lastCompletedAt, ...rest } = antiEntropy;
  assert.deepEqual(rest, {
    enabled: false,
    rounds: 1,
    totals: { compared: 9, different: 2, fetched: 0, sent: 2 },
    running: null,
  });
  assert.ok(Math.abs((lastCompletedAt ?? 0) - Date.now()) < 60_000);

  await emulator.kill('n2');
  const partial = await run('n0');
  assert.equal(partial.code, 5);
  assert.match(partial.stdout, /could not compare with n2/);
  const all = await run();
  assert.equal(all.code, 5);
  assert.match(all.stdout, /^n2\t.*is down$/m);
  assert.equal((await run('n9')).code, 3);
});

for (const [how, leave, comeBack] of [
  ['dead', (emulator: Emulator) => emulator.kill(target), (emulator: Emulator) => emulator.restart(target)],
  ['frozen', (emulator: Emulator) => emulator.pause(target), (emulator: Emulator) => emulator.resume(target)],
] as const)
  test(`a node that was ${how} for longer than hints are kept gets what it missed at once`, async t => {
    const { emulator, client, streams } = await started(t, {
      hints: { maxAgeMs: 1000 },
      antiEntropy: { periodMs: never },
    });
    await leave(emulator);
    for (let i = 0; i < 20; i++) await client.put(key, `missed ${i}`, { level: 'QUORUM' });
    await eventually(
      async () => {
        for (const node of emulator.nodes.filter(other => other !== target))
          assert.deepEqual((await streams.hints(node)).size, 0, node);
      },
      { deadlineMs: convergenceMs, what: 'every hint has expired' },
    );
    await comeBack(emulator);
    await serves(client, target);
    await eventually(async () => (await valueAt(client, target)) === 'missed 19', {
      deadlineMs: convergenceMs,
      what: `${target} holds what it missed`,
    });
  });
