// A node that lost the tail of its log, and hears its peers only after it has begun to serve.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { ReadTimeoutError, UnavailableError } from '../../src/errors.js';
import { SimCluster } from './cluster.js';

/** Owned by n0, n1 and n2. */
const key = '5';
const target = 'n1';

/** A cluster whose n1 was started alone with a log that lacks the newest write, which it and n2 had acknowledged. */
async function startedAlone(seed: number): Promise<{ cluster: SimCluster; client: Coordinator }> {
  const cluster = new SimCluster({ seed });
  const { clock } = cluster;
  await cluster.start();
  const client = cluster.client('c');
  await clock.advance(1000);
  await put(cluster, client, 'older');
  await clock.advance(3000);
  const { lastSequence = 0 } = cluster.disk(target).log ?? {};
  cluster.killNode('n0');
  await clock.advance(3000);
  await put(cluster, client, 'newest');
  await clock.advance(3000);
  for (const node of cluster.nodes) cluster.killNode(node);
  const { log } = cluster.disk(target);
  log?.loseTail(log.lastSequence - lastSequence);
  await clock.until(cluster.startNode(target));
  await clock.advance(2000);
  assert.equal(cluster.stateOf(target), 'serving', 'alone it cannot know');
  return { cluster, client };
}

function put(cluster: SimCluster, client: Coordinator, value: string) {
  return cluster.clock.until(
    client.write({ kind: 'write', bucket: 'default', key, level: 'TWO', value }, 2000),
  );
}

for (const isGrownOver of [false, true])
  test(`no quorum read misses what it lost${isGrownOver ? ', though other entries have taken the places' : ''}`, async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { cluster, client } = await startedAlone(seed);
      const { clock } = cluster;
      if (isGrownOver)
        for (let i = 0; i < 30; i++)
          await clock.until(
            client.write(
              { kind: 'write', bucket: 'default', key: `${i + 10}`, level: 'ONE', value: 'alone' },
              2000,
            ),
          );
      // n3, which owns nothing of the key, has heard how far the log of n1 was; n0 has not, and n2 stays dead.
      await clock.until(cluster.startNode('n3'));
      await clock.advance(700);
      const started = cluster.startNode('n0');
      const seen: (string | undefined)[] = [];
      const failures: unknown[] = [];
      for (let i = 0; i < 600; i++) {
        void client
          .read({ kind: 'read', bucket: 'default', key, level: 'QUORUM' }, 1000)
          .then(({ value }) => seen.push(value))
          .catch((error: unknown) => {
            // Too few serve, or one is gone again.
            if (!(error instanceof UnavailableError || error instanceof ReadTimeoutError))
              failures.push(error);
          });
        await clock.advance(5);
      }
      await clock.until(started);
      await clock.until(cluster.startNode('n2'));
      await cluster.waitFor(() => cluster.stateOf(target) === 'serving', 'the node to be whole again');
      const { value } = await clock.until(
        client.read({ kind: 'read', bucket: 'default', key, level: 'QUORUM' }, 1000),
      );
      seen.push(value);
      assert.deepEqual(failures, []);
      assert.deepEqual(
        seen.filter(value => value !== 'newest'),
        [],
        `seed ${seed}, ${seen.length} answers`,
      );
    }
  });
