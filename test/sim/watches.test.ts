// Watches in simulated runs: each newer version once, each key's in order, and in the end everything that was acknowledged,
// whatever nodes die, hang, or are cut off, the watcher too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { SimCluster } from './cluster.js';
import { runWatches, Seen } from './watch-scenario.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 4);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);
const TIMEOUT_MS = 1500;

interface Scene {
  readonly cluster: SimCluster;
  readonly writer: Coordinator;
  readonly seen: Seen;
}

async function scene(include: 'last' | 'updates', before: (scene: Omit<Scene, 'seen'>) => Promise<void>) {
  // Without compaction, which would tell everything again.
  const cluster = new SimCluster({ seed: 1, compaction: { minBytes: 1e9 } });
  const writer = cluster.client('writer');
  await cluster.start();
  await cluster.clock.advance(500);
  await before({ cluster, writer });
  const seen = new Seen(cluster, 'w', include);
  await seen.start();
  await cluster.clock.advance(1000);
  return { cluster, writer, seen };
}

async function put({ cluster, writer }: Omit<Scene, 'seen'>, key: string): Promise<void> {
  const write = { kind: 'write', bucket: 'default', key, level: 'QUORUM', value: 'v' } as const;
  await cluster.clock.until(writer.write(write, TIMEOUT_MS));
}

const keysSeen = ({ seen }: Scene) => seen.events.map(({ key }) => key);

test('what was stored while the watcher was cut off for a moment is delivered, though nothing follows', async () => {
  const it = await scene('last', async () => {});
  it.seen.cutOff(50);
  await put(it, '1');
  await it.cluster.clock.advance(2000);
  assert.deepEqual(keysSeen(it), ['1']);
});

test('what was stored while the watcher was cut off is delivered, though more follows before any heartbeat', async () => {
  const it = await scene('last', async () => {});
  it.seen.cutOff(20);
  await put(it, '1');
  await it.cluster.clock.advance(25);
  await put(it, '2');
  await it.cluster.clock.advance(2000);
  assert.deepEqual(keysSeen(it).sort(), ['1', '2']);
});

test('what is stored where the watcher does not hear is delivered while too few owners are heard', async () => {
  const it = await scene('last', async () => {});
  const { network } = it.cluster;
  // Of the owners n0, n1, n2 of key 1 the watcher hears none: one is dead, the others' links to it are cut.
  it.cluster.killNode('n2');
  for (const silent of ['n0', 'n1']) network.cut(silent, it.seen.site);
  await it.cluster.clock.advance(3000);
  await put(it, '1');
  await it.cluster.clock.advance(2000);
  assert.deepEqual(keysSeen(it), ['1']);
});

test('a watch of updates is silent on what was there, even when a log tells it again', async () => {
  const it = await scene('updates', scene => put(scene, '1'));
  const record = it.cluster.core('n0')?.replica.memtable.get('default', '1');
  assert.ok(record !== undefined);
  await it.cluster.clock.until(
    it.cluster.core('n0')?.coordinator.appender.append('n0', record) ?? Promise.reject(),
  );
  await put(it, '2');
  await it.cluster.clock.advance(2000);
  assert.deepEqual(keysSeen(it), ['2']);
});

test('watches deliver each newer version once, in order, and miss nothing that was acknowledged', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { violations } = await runWatches({ seed });
    assert.deepEqual(violations, [], `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`);
  }
});
