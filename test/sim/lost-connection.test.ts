// A replica whose connection to its log's broker was lost for a moment, while the log went on to take writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadTimeoutError, UnavailableError } from '../../src/errors.js';
import { SimCluster } from './cluster.js';

const SEEDS = 10;

test('no quorum read misses what was acknowledged while the replica could not hear its log', async () => {
  let answers = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const cluster = new SimCluster({ seed, cluster: { nodes: ['n0', 'n1', 'n2'] } });
    const { clock } = cluster;
    await cluster.start();
    const client = cluster.client('c');
    await clock.advance(1000);
    const about = { bucket: 'default', key: '5', level: 'QUORUM' } as const;
    const put = (value: string) => clock.until(client.write({ kind: 'write', ...about, value }, 1000));
    await put('old');
    await clock.advance(500);

    // The logs of n0 and n1 take the write, and n1 does not hear of it.
    cluster.disconnect('n1');
    cluster.disk('n2').refuse = () => true;
    assert.equal((await put('new')).acked, 2);
    cluster.disk('n2').refuse = () => false;
    cluster.pause('n0');
    await clock.advance(3);
    cluster.reconnect('n1');
    const seen: (string | undefined)[] = [];
    const failures: unknown[] = [];
    for (let i = 0; i < 60; i++) {
      client.read({ kind: 'read', ...about }, 1000).then(
        ({ value }) => seen.push(value),
        error => {
          // One of the two that could answer has yet to look at its log.
          if (!(error instanceof UnavailableError || error instanceof ReadTimeoutError)) failures.push(error);
        },
      );
      await clock.advance(0.2);
    }
    await clock.advance(1500);
    assert.deepEqual(failures, []);
    assert.deepEqual(
      seen.filter(value => value !== 'new'),
      [],
      `seed ${seed}, ${seen.length} answers`,
    );
    answers += seen.length;
  }
  assert.ok(answers > SEEDS, `only ${answers} reads were answered`);
});
