// Buckets while nodes are down: a drop that one missed, a name used again, a coordinator that has not heard.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { InvalidRequestError } from '../../src/errors.js';
import type { BucketRequest, GetReply } from '../../src/wire/generated/types.js';
import { checkScan } from '../../src/wire/scan.js';
import { SimCluster } from './cluster.js';

const TIMEOUT_MS = 2000;
/** Making a bucket anew takes some seconds. */
const CHANGE_TIMEOUT_MS = 10_000;

async function started(seed: number): Promise<{ cluster: SimCluster; client: Coordinator }> {
  const cluster = new SimCluster({ seed });
  const client = cluster.client('c0');
  await cluster.start();
  await cluster.clock.advance(500);
  return { cluster, client };
}

function through(cluster: SimCluster, node: string): Coordinator {
  const core = cluster.core(node);
  assert.ok(core !== undefined, `${node} is down`);
  return core.coordinator;
}

function change(cluster: SimCluster, request: BucketRequest, node = 'n0') {
  const work = through(cluster, node).buckets.execute(request, CHANGE_TIMEOUT_MS);
  return cluster.clock.until(work);
}

const put = (cluster: SimCluster, by: Coordinator, key: string, value: string) =>
  cluster.clock.until(by.write({ kind: 'write', bucket: 'orders', key, value, level: 'QUORUM' }, TIMEOUT_MS));

const get = (cluster: SimCluster, by: Coordinator, key: string): Promise<GetReply> =>
  cluster.clock.until(by.read({ kind: 'read', bucket: 'orders', key, level: 'QUORUM' }, TIMEOUT_MS));

test('a bucket made through one node is there at once for every other, and for a client that coordinates', async () => {
  const { cluster, client } = await started(1);
  const { buckets } = await change(cluster, {
    op: 'create',
    bucket: 'orders',
    replicationFactor: 2,
    ttlMs: 60_000,
  });
  assert.deepEqual(buckets, [
    {
      name: 'orders',
      partitioner: 'byte-ordered',
      replicationFactor: 2,
      level: 'QUORUM',
      ttlMs: 60_000,
      life: 0,
      change: 0,
    },
  ]);
  await put(cluster, client, 'k', 'v');
  for (const node of cluster.nodes) {
    const reply = await get(cluster, through(cluster, node), 'k');
    assert.deepEqual([reply.value, reply.required], ['v', 2], node);
    assert.ok(reply.expiresAt !== undefined);
  }
});

test('a drop that a node missed does not bring the bucket back when the node returns', async () => {
  const { cluster } = await started(2);
  await change(cluster, { op: 'create', bucket: 'orders' });
  await put(cluster, through(cluster, 'n1'), 'k', 'old');
  cluster.killNode('n3');
  await cluster.clock.advance(1000);
  await change(cluster, { op: 'drop', bucket: 'orders' });
  await cluster.clock.until(cluster.startNode('n3'));
  await cluster.waitFor(() => cluster.stateOf('n3') === 'serving', 'n3 to serve');
  for (const node of ['n3', 'n0'])
    await assert.rejects(get(cluster, through(cluster, node), 'k'), InvalidRequestError, node);
  await cluster.clock.advance(20_000);
  for (const node of cluster.nodes) {
    assert.equal(through(cluster, node).catalog.find('orders'), undefined, node);
    assert.equal(cluster.core(node)?.replica.memtable.keys, 1, `${node} holds the definition alone`);
  }
});

test('records of a dropped life never come into the bucket made anew under its name', async () => {
  const { cluster, client } = await started(3);
  await change(cluster, { op: 'create', bucket: 'orders' });
  for (const key of ['0', '100', '137', '200']) await put(cluster, client, key, 'old');
  // The node that was away holds them, and hints for it are held elsewhere.
  cluster.killNode('n3');
  for (const key of ['0', '100', '137', '200']) await put(cluster, client, key, 'older');
  await change(cluster, { op: 'drop', bucket: 'orders' });
  await change(cluster, { op: 'create', bucket: 'orders', replicationFactor: 2 });
  await put(cluster, client, '0', 'new');
  await cluster.clock.until(cluster.startNode('n3'));
  await cluster.waitFor(() => cluster.stateOf('n3') === 'serving', 'n3 to serve');
  await cluster.clock.advance(20_000);
  for (const node of cluster.nodes) {
    const seen = [];
    for (const key of ['0', '100', '137', '200'])
      seen.push((await get(cluster, through(cluster, node), key)).value);
    assert.deepEqual(seen, ['new', undefined, undefined, undefined], node);
  }
});

test('scans, sessions and receipts of a bucket made anew go by its name, and see its new life', async () => {
  const { cluster, client } = await started(7);
  await change(cluster, { op: 'create', bucket: 'orders' });
  await put(cluster, client, '1', 'old');
  await change(cluster, { op: 'drop', bucket: 'orders' });
  await change(cluster, { op: 'create', bucket: 'orders', replicationFactor: 2, level: 'ALL' });
  for (const by of [client, through(cluster, 'n1')]) {
    const key = by === client ? '2' : '3';
    const write = { kind: 'write', bucket: 'orders', key, value: 'new', level: 'ONE' } as const;
    const { session = '', receipt } = await cluster.clock.until(
      by.write({ ...write, session: '', trace: true }, TIMEOUT_MS),
    );
    assert.deepEqual([receipt?.bucket, receipt?.owners.length], ['orders', 2]);
    const read = { kind: 'read', bucket: 'orders', key, level: 'ONE', session } as const;
    assert.equal((await cluster.clock.until(by.read(read, TIMEOUT_MS))).value, 'new');
  }
  const page = await cluster.clock.until(client.scan(checkScan({ bucket: 'orders' }), TIMEOUT_MS));
  assert.deepEqual(
    page.records.map(({ key, value }) => [key, value]),
    [
      ['2', 'new'],
      ['3', 'new'],
    ],
  );
  assert.deepEqual([page.level, page.required], ['ALL', 2]);
});

test('a client that has not heard of a drop does not read what was dropped', async () => {
  const { cluster, client } = await started(4);
  await change(cluster, { op: 'create', bucket: 'orders' });
  await put(cluster, client, '137', 'old');
  // It hears no heartbeat of the drop, and can still ask.
  const listening = client.liveness.heard.bind(client.liveness);
  client.liveness.heard = presence => {
    const { buckets: _, ...deaf } = presence;
    listening(deaf);
  };
  await change(cluster, { op: 'drop', bucket: 'orders' });
  await assert.rejects(get(cluster, client, '137'), { code: 'READ_TIMEOUT' });
});

test('a drop beats a change that was made of the bucket before it and comes late', async () => {
  const { cluster } = await started(5);
  await change(cluster, { op: 'create', bucket: 'orders' });
  const late = { bucket: '_buckets', key: 'orders', time: 500, writer: 'zz~z' };
  await change(cluster, { op: 'drop', bucket: 'orders' });
  const { appender } = through(cluster, 'n0');
  const value = JSON.stringify({ life: 0, change: 499, ttlMs: 5 });
  for (const node of cluster.nodes) await cluster.clock.until(appender.append(node, { ...late, value }));
  await cluster.clock.advance(1000);
  for (const node of cluster.nodes) assert.equal(through(cluster, node).catalog.find('orders'), undefined);
});

test('two that make the same bucket at the same time make one, and two of different kinds are told', async () => {
  const { cluster } = await started(6);
  const both = (a: BucketRequest, b: BucketRequest) =>
    Promise.allSettled([change(cluster, a, 'n0'), change(cluster, b, 'n2')]);
  const same: BucketRequest = { op: 'create', bucket: 'same' };
  const made = await both(same, same);
  assert.deepEqual(
    made.map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  );
  const kinds = await both(
    { op: 'create', bucket: 'kinds', replicationFactor: 1 },
    { op: 'create', bucket: 'kinds', replicationFactor: 2 },
  );
  assert.deepEqual(kinds.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});
