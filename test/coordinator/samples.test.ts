// Samples of requests on simulated nodes: taken only while somebody asks, few, and with what came after the answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { SimCluster } from '../sim/cluster.js';

/** Its owners are n2, n3 and n0. */
const write = { kind: 'write', bucket: 'default', key: '137', level: 'QUORUM', value: 'v' } as const;

async function settled(): Promise<{ cluster: SimCluster; client: Coordinator }> {
  const cluster = new SimCluster({ seed: 5 });
  const client = cluster.client('c0');
  await cluster.start();
  await cluster.clock.advance(1000);
  return { cluster, client };
}

test('nothing is sampled until somebody asks, nor ten seconds after', async () => {
  const { cluster, client } = await settled();
  await cluster.clock.until(client.write(write, 1500));
  assert.deepEqual(client.samples.after(0), []);
  await cluster.clock.until(client.write(write, 1500));
  await cluster.clock.advance(500);
  const taken = client.samples.after(0);
  assert.equal(taken.length, 1);
  await cluster.clock.advance(10_001);
  await cluster.clock.until(client.write(write, 1500));
  await cluster.clock.advance(500);
  assert.deepEqual(client.samples.after(taken[0]?.sequence ?? 0), []);
});

test('a sample is kept once in 125 ms, and the reply has no receipt that nobody asked for', async () => {
  const { cluster, client } = await settled();
  client.samples.after(0);
  const replies = await cluster.clock.until(
    Promise.all(Array.from({ length: 20 }, () => client.write(write, 1500))),
  );
  assert.ok(replies.every(reply => !('receipt' in reply)));
  await cluster.clock.advance(1500);
  assert.equal(client.samples.after(0).length, 1);
});

test('a sample tells of an owner that acked behind the answer, and of one that never did', async () => {
  const { cluster, client } = await settled();
  client.samples.after(0);
  cluster.disk('n0').broker.isPaused = true;
  const reply = await cluster.clock.until(client.write({ ...write, trace: true }, 1500));
  assert.equal(reply.receipt?.owners.find(({ node }) => node === 'n0')?.state, 'waiting');
  assert.deepEqual(client.samples.after(0), [], 'an owner may yet be heard');
  cluster.disk('n0').broker.isPaused = false;
  await cluster.clock.advance(3000);
  const [sample] = client.samples.after(0);
  assert.equal(sample?.receipt.met, true);
  assert.equal(sample?.receipt.tookMs, reply.receipt?.tookMs);
  assert.notEqual(sample?.receipt.owners.find(({ node }) => node === 'n0')?.state, 'waiting');
});
