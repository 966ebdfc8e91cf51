// Receipts of requests on simulated nodes: what they say while owners are frozen, cut off or full.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError, WriteTimeoutError } from '../../src/errors.js';
import type { Level, Receipt } from '../../src/wire/generated/types.js';
import { receipt as isReceipt } from '../../src/wire/generated/validators.js';
import { SimCluster } from '../sim/cluster.js';

/** Its owners are n2, n3 and n0. */
const key = '137';

async function settled(): Promise<{ cluster: SimCluster; client: Coordinator }> {
  const cluster = new SimCluster({ seed: 3 });
  const client = cluster.client('c0');
  await cluster.start();
  await cluster.clock.advance(1000);
  return { cluster, client };
}

function read(client: Coordinator, level: Level, session?: string) {
  const request = { kind: 'read', bucket: 'default', key, level, trace: true } as const;
  return client.read(session === undefined ? request : { ...request, session }, 1500);
}

function write(client: Coordinator, level: Level) {
  return client.write({ kind: 'write', bucket: 'default', key, level, value: 'v', trace: true }, 1500);
}

function brief(receipt: Receipt | undefined): string[] {
  assert.ok(isReceipt(receipt), JSON.stringify(receipt));
  return [
    ...receipt.owners.map(({ node, state, repair }) => [node, state, repair].filter(Boolean).join(' ')),
    ...receipt.hints.map(({ target, holder, state }) => `hint for ${target} ${state} ${holder ?? ''}`.trim()),
  ];
}

test('a late owner is waited for while the next one answers', async () => {
  const { cluster, client } = await settled();
  cluster.pause('n2');
  const { receipt } = await cluster.clock.until(read(client, 'QUORUM'));
  assert.deepEqual(brief(receipt), ['n2 waiting', 'n3 answered', 'n0 answered']);
  assert.equal(receipt?.why, 'QUORUM needs 2 owners: 2 answered');
});

test('an owner whose disk is full has failed, and its hint is told', async () => {
  const { cluster, client } = await settled();
  cluster.disk('n3').refuse = () => true;
  const { receipt } = await cluster.clock.until(write(client, 'ANY'));
  assert.equal(receipt?.owners.find(({ node }) => node === 'n3')?.state === 'acked', false);
  cluster.disk('n0').broker.isPaused = true;
  const later = await cluster.clock.until(write(client, 'ALL').catch((error: unknown) => error));
  assert.ok(later instanceof WriteTimeoutError);
  // ALL cannot be met any more: the answer does not wait for n0.
  assert.deepEqual(brief(later.receipt).slice(1, 3), ['n3 failed', 'n0 waiting']);
  assert.equal(later.receipt?.met, false);
  assert.equal(later.receipt?.version, later.version);
});

test('a dead owner is named as down, by a request that is refused too', async () => {
  const { cluster, client } = await settled();
  cluster.killNode('n2');
  await cluster.clock.advance(500);
  const error = await cluster.clock.until(read(client, 'ALL').catch((reason: unknown) => reason));
  assert.ok(error instanceof DynatsError);
  assert.deepEqual(brief(error.receipt), ['n2 down', 'n3 not-asked', 'n0 not-asked']);
  // The node that keeps the hint is frozen: the answer does not wait for it.
  cluster.pause('n1');
  const { receipt } = await cluster.clock.until(write(client, 'QUORUM'));
  assert.deepEqual(brief(receipt), ['n2 down', 'n3 acked', 'n0 acked', 'hint for n2 waiting']);
});

test('a session that asks on shows every owner it asked, and the repair of none at level ONE', async () => {
  const { cluster, client } = await settled();
  cluster.killNode('n2');
  await cluster.clock.advance(500);
  const request = { kind: 'write', bucket: 'default', key, level: 'ONE', value: 'v', session: '' } as const;
  const { session = '' } = await cluster.clock.until(client.write(request, 1500));
  cluster.disk('n1').wipe();
  cluster.disk('n1').broker.isPaused = true;
  await cluster.clock.until(cluster.startNode('n2'));
  await cluster.waitFor(() => cluster.stateOf('n2') === 'serving', 'n2 to serve');
  await cluster.clock.advance(400);
  const reply = await cluster.clock.until(read(client, 'ONE', session));
  assert.equal(reply.value, 'v');
  assert.deepEqual(brief(reply.receipt).slice(0, 2), ['n2 answered', 'n3 answered']);
  assert.equal(reply.receipt?.owners[0]?.holds, null);
});

test('a level by zone is explained by zone, and a late zone is named', async () => {
  const cluster = new SimCluster({
    seed: 3,
    cluster: { replicationFactor: 4, zones: { n0: 'a', n1: 'a', n2: 'b', n3: 'b' } },
  });
  const client = cluster.client('c0', 'a');
  await cluster.start();
  await cluster.clock.advance(1000);
  const each = await cluster.clock.until(write(client, 'EACH_QUORUM'));
  assert.equal(
    each.receipt?.why,
    'EACH_QUORUM needs 2 owners in zone b and 2 owners in zone a: 2 and 2 stored it',
  );
  for (const node of ['n2', 'n3']) cluster.disk(node).broker.isPaused = true;
  const local = await cluster.clock.until(write(client, 'LOCAL_QUORUM'));
  assert.equal(local.receipt?.why, 'LOCAL_QUORUM needs 2 owners in zone a: 2 stored it');
  const read1 = await cluster.clock.until(read(client, 'LOCAL_QUORUM'));
  assert.equal(read1.receipt?.why, 'LOCAL_QUORUM needs 2 owners in zone a: 2 answered');
  const late = await cluster.clock.until(write(client, 'EACH_QUORUM').catch((error: unknown) => error));
  assert.ok(late instanceof DynatsError);
  assert.match(late.receipt?.why ?? '', /2 required owners in zone b/);
  assert.equal(late.receipt?.version !== undefined, true);
});
