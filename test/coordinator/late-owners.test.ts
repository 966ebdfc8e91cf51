// Reads whose owners are late, on simulated nodes: backed up after the time that almost every answer takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATE_MIN_MS } from '../../src/coordinator/answer-times.js';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { ReadTimeoutError } from '../../src/errors.js';
import type { ClusterDefinition, Level } from '../../src/wire/generated/types.js';
import { SimCluster } from '../sim/cluster.js';

/** Its owners are n2, n3 and n0. */
const key = '137';
/** The longest answer of the simulated network without faults. */
const promptMs = 2;

async function settled(
  definition: Partial<ClusterDefinition> = {},
  zone?: string,
): Promise<{ cluster: SimCluster; client: Coordinator }> {
  const cluster = new SimCluster({ seed: 7, cluster: definition });
  const client = cluster.client('c0', zone);
  await cluster.start();
  await cluster.clock.advance(1000);
  const put = { kind: 'write', bucket: 'default', key, level: 'ALL', value: 'v' } as const;
  await cluster.clock.until(client.write(put, 2000));
  return { cluster, client };
}

async function timeRead(cluster: SimCluster, client: Coordinator, level: Level = 'QUORUM'): Promise<number> {
  const { clock } = cluster;
  const startedAtMs = clock.monotonic();
  const reply = await clock.until(client.read({ kind: 'read', bucket: 'default', key, level }, 2000));
  assert.equal(reply.value, 'v');
  return clock.monotonic() - startedAtMs;
}

test('a late owner is backed up by the next after the time almost every answer takes, then asked last', async () => {
  const { cluster, client } = await settled();
  for (let i = 0; i < 100; i++) assert.ok((await timeRead(cluster, client)) <= promptMs);
  cluster.pause('n2');
  const first = await timeRead(cluster, client);
  assert.ok(first >= LATE_MIN_MS && first <= LATE_MIN_MS + 2 + promptMs, `${first} ms`);
  for (let i = 0; i < 20; i++) assert.ok((await timeRead(cluster, client)) <= promptMs);
});

test('at level ONE the owner that backs up is backed up too', async () => {
  const { cluster, client } = await settled();
  for (let i = 0; i < 100; i++) await timeRead(cluster, client);
  cluster.pause('n2');
  cluster.pause('n3');
  const took = await timeRead(cluster, client, 'ONE');
  assert.ok(took >= 2 * LATE_MIN_MS && took <= 2 * (LATE_MIN_MS + 2) + promptMs, `${took} ms`);
});

test('where all owners are late none is asked beside another', async () => {
  const { cluster, client } = await settled();
  for (let i = 0; i < 100; i++) await timeRead(cluster, client);
  const read = { kind: 'read', bucket: 'default', key, level: 'ONE', trace: true } as const;
  const receiptOf = async () => {
    const error = await cluster.clock.until(client.read(read, 200).catch((reason: unknown) => reason));
    assert.ok(error instanceof ReadTimeoutError);
    return error.receipt?.owners.map(({ state }) => state).sort();
  };
  for (const node of ['n2', 'n3', 'n0']) cluster.pause(node);
  assert.deepEqual(await receiptOf(), ['waiting', 'waiting', 'waiting']);
  assert.deepEqual(await receiptOf(), ['not-asked', 'not-asked', 'waiting']);
});

test('an owner that was late takes its turn again once it has answered', async () => {
  const { cluster, client } = await settled();
  for (let i = 0; i < 100; i++) await timeRead(cluster, client);
  cluster.pause('n2');
  await timeRead(cluster, client, 'ONE');
  cluster.resume('n2');
  await cluster.clock.advance(20);
  cluster.pause('n3');
  cluster.pause('n0');
  assert.ok((await timeRead(cluster, client, 'ONE')) <= promptMs);
});

/** All of six nodes own every key: n0, n2 and n4 in zone a, n1, n3 and n5 in zone b. */
const twoZones = {
  nodes: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'],
  replicationFactor: 6,
  zones: { n0: 'a', n1: 'b', n2: 'a', n3: 'b', n4: 'a', n5: 'b' },
};

for (const level of ['LOCAL_QUORUM', 'EACH_QUORUM'] as const)
  test(`at ${level} a late owner is backed up by one of its own zone`, async () => {
    const { cluster, client } = await settled(twoZones, 'a');
    for (let i = 0; i < 100; i++) assert.ok((await timeRead(cluster, client, level)) <= promptMs);
    const [first = ''] = client.rings
      .of('default')
      .owners(key)
      .filter(node => twoZones.zones[node as keyof typeof twoZones.zones] === 'a');
    cluster.pause(first);
    const read = { kind: 'read', bucket: 'default', key, level, trace: true } as const;
    const startedAtMs = cluster.clock.monotonic();
    const { receipt, received } = await cluster.clock.until(client.read(read, 2000));
    const tookMs = cluster.clock.monotonic() - startedAtMs;
    assert.ok(tookMs >= LATE_MIN_MS && tookMs <= LATE_MIN_MS + 2 + promptMs, `${tookMs} ms`);
    const inA = receipt?.owners.filter(({ node }) => ['n0', 'n2', 'n4'].includes(node));
    assert.deepEqual(inA?.map(({ state }) => state).sort(), ['answered', 'answered', 'waiting']);
    assert.equal(received, level === 'LOCAL_QUORUM' ? 2 : 4);
    for (let i = 0; i < 20; i++) assert.ok((await timeRead(cluster, client, level)) <= promptMs);
  });
