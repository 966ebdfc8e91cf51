// A log can lose entries while its replica runs, and still holds in memory what the log has lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimCluster } from './cluster.js';
import { recordsOnDisk } from './records-on-disk.js';
import type { SimDisk } from './streams.js';

/** Owned by n0, n1 and n2; each is written again until it is in an entry of its own. */
const keys = Array.from({ length: 20 }, (_, i) => String(i));
const target = 'n1';

interface Loss {
  readonly what: string;
  /** While the broker is down. */
  readonly inflict: (disk: SimDisk) => void;
  /** Whether writes reach the log again before the replica looks at it. */
  readonly isWrittenFirst: boolean;
}

const losses: readonly Loss[] = [
  { what: 'its tail', inflict: disk => disk.log?.loseTail(8), isWrittenFirst: false },
  { what: 'its tail, and has grown again', inflict: disk => disk.log?.loseTail(3), isWrittenFirst: true },
  { what: 'entries in the middle', inflict: disk => disk.log?.entries.splice(4, 5), isWrittenFirst: false },
];

for (const { what, inflict, isWrittenFirst } of losses)
  test(`a log that lost ${what} while its replica ran gets back what it lost, on disk`, async () => {
    const cluster = new SimCluster({ seed: 1 });
    const { clock } = cluster;
    await cluster.start();
    const client = cluster.client('c');
    await clock.advance(1000);
    const write = (key: string, value: string) =>
      clock.until(client.write({ kind: 'write', bucket: 'default', key, level: 'TWO', value }, 2000));
    for (const key of keys) await write(key, 'before');
    await clock.advance(1500);
    const disk = cluster.disk(target);
    const life = disk.log?.life?.id;

    disk.broker.crash();
    cluster.core(target)?.lostBroker();
    await clock.advance(300);
    inflict(disk);
    disk.broker.isUp = true;
    if (isWrittenFirst) {
      await cluster.waitFor(() => client.liveness.isWritable(target), 'the node to take writes');
      const { lastSequence = 0 } = disk.log ?? {};
      // Several may share an entry.
      const hasGrown = () => (disk.log?.lastSequence ?? 0) >= lastSequence + 10;
      for (let i = 0; i < 100 && !hasGrown(); i++) await write('5', `after ${i}`);
      assert.ok(hasGrown());
    }
    cluster.core(target)?.reopen();
    await cluster.waitFor(
      () => cluster.stateOf(target) === 'serving' && disk.log?.life?.id !== life,
      'the node to be whole again',
    );

    const onDisk = recordsOnDisk(disk);
    assert.deepEqual(
      keys.filter(key => !onDisk.has(key)),
      [],
      'lost from the log, however long memory holds it',
    );
    cluster.killNode(target);
    await clock.until(cluster.startNode(target));
    await cluster.waitFor(
      () => cluster.stateOf(target) === 'serving',
      'the node to serve after a restart',
      1000,
    );
    for (const key of keys)
      assert.ok(cluster.core(target)?.replica.memtable.get('default', key), `${key} after a restart`);
  });
