// Watches in simulated runs: each newer version once, each key's in order, and in the end everything that was acknowledged,
// whatever nodes die, hang, or are cut off, the watcher too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchEvent } from '../../src/client/watch/event.js';
import { Watcher } from '../../src/client/watch/watcher.js';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import { compareVersions, parseVersion, type Version } from '../../src/model/record.js';
import { checkScan } from '../../src/wire/scan.js';
import { SimAppliedFeed } from './applied.js';
import { SimCluster } from './cluster.js';
import { Faults } from './faults.js';
import { SimBus, SimProcess } from './network.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 10);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);
const KEYS = Array.from({ length: 86 }, (_, i) => String(i * 3));
const TIMEOUT_MS = 1500;

/** One watch, and everything it has delivered. */
class Seen {
  readonly events: WatchEvent[] = [];
  readonly watcher: Watcher;
  readonly site: string;

  constructor(
    private readonly cluster: SimCluster,
    readonly name: string,
    include: 'last' | 'updates',
  ) {
    const coordinator = cluster.client(name);
    this.site = `watching-${name}`;
    const process = new SimProcess(cluster.network, cluster.network.addSite(this.site));
    this.watcher = new Watcher({
      bus: new SimBus(process),
      clock: cluster.clock,
      feed: new SimAppliedFeed(process),
      ring: coordinator.rings.of('default'),
      bucket: 'default',
      prefix: '',
      include,
      scan: keysOnly => pagesOf(coordinator, keysOnly),
      read: (keys, level) =>
        Promise.all(
          keys.map(key =>
            coordinator
              .read({ kind: 'read', bucket: 'default', key, level }, TIMEOUT_MS)
              .catch(() => undefined),
          ),
        ),
    });
  }

  async start(): Promise<void> {
    await this.cluster.clock.until(this.watcher.start());
    void this.take();
  }

  /** The watcher's link is cut: nothing comes until it is whole. */
  cutOff(forMs: number): void {
    for (const other of this.cluster.network.brokers.keys())
      if (other !== this.site) this.cluster.network.cut(other, this.site);
    this.cluster.clock.after(forMs, () => this.cluster.network.heal());
  }

  newest(): Map<string, Version> {
    return new Map(this.events.map(event => [event.key, versionOf(event)]));
  }

  private async take(): Promise<void> {
    for (;;) {
      const { done, value } = await this.watcher.events.next();
      if (done) return;
      this.events.push(value);
    }
  }
}

const versionOf = ({ version = '', kind }: WatchEvent) => parseVersion(version, kind === 'delete');

async function* pagesOf(coordinator: Coordinator, keysOnly: boolean) {
  let next: string | undefined;
  do {
    const request = { limit: 5, keysOnly, deleted: true, ...(next === undefined ? {} : { next }) };
    const page = await coordinator.scan(checkScan(request), TIMEOUT_MS);
    yield page;
    ({ next } = page);
  } while (next !== undefined);
}

class Run {
  readonly acked = new Map<string, Version>();
  readonly cluster: SimCluster;
  private readonly writers: Coordinator[];
  private underWay = 0;

  constructor(seed: number) {
    // Compaction tells old entries again: half of the runs must do without.
    this.cluster = new SimCluster({ seed, compaction: { minBytes: seed % 2 === 0 ? 3000 : 1e9, ratio: 2 } });
    this.writers = ['c0', 'c1'].map(name => this.cluster.client(name));
  }

  /** Resolves with the watches: one from the start, one from the middle, one of updates only. */
  async go(): Promise<{ all: Seen[]; updates: Seen; ackedBefore: Map<string, Version> }> {
    const { cluster } = this;
    const random = cluster.random.fork();
    const faults = new Faults(cluster, cluster.random.fork());
    await cluster.start();
    await cluster.clock.advance(500);
    const first = new Seen(cluster, 'w0', 'last');
    await first.start();
    const all = [first];
    let updates: Seen | undefined;
    let ackedBefore = new Map<string, Version>();
    for (let step = 0; step < 120; step++) {
      faults.inject();
      if (random.chance(0.02)) first.cutOff(random.next() * 1000);
      for (const writer of this.writers)
        if (random.chance(0.6)) void this.write(writer, random.pick(KEYS), random.chance(0.2));
      await cluster.clock.advance(40 * random.next());
      if (step === 60) {
        const late = new Seen(cluster, 'w1', 'last');
        await late.start();
        all.push(late);
        await faults.heal();
        updates = new Seen(cluster, 'w2', 'updates');
        await updates.start();
        ackedBefore = new Map(this.acked);
      }
    }
    await faults.heal();
    await cluster.waitFor(() => this.underWay === 0, 'every write to be answered');
    await cluster.clock.advance(5000);
    if (updates === undefined) throw new Error('no watch of updates was begun');
    for (const { watcher } of [...all, updates]) watcher.stop();
    return { all, updates, ackedBefore };
  }

  /** Whether the newest record of the key that any node holds is a tombstone. */
  isDeleted(key: string): boolean {
    const held = this.cluster.nodes.flatMap(
      node => this.cluster.core(node)?.replica.memtable.get('default', key) ?? [],
    );
    return held.toSorted(compareVersions).at(-1)?.deleted === true;
  }

  private async write(writer: Coordinator, key: string, isDelete: boolean): Promise<void> {
    this.underWay++;
    const value = isDelete ? {} : { value: 'x'.repeat(50) };
    try {
      const request = { kind: 'write', bucket: 'default', key, level: 'QUORUM', ...value } as const;
      const { version } = await writer.write(request, TIMEOUT_MS);
      const written = parseVersion(version, isDelete);
      const known = this.acked.get(key);
      if (known === undefined || compareVersions(written, known) > 0) this.acked.set(key, written);
    } catch (error) {
      if (!(error instanceof DynatsError)) throw error;
    }
    this.underWay--;
  }
}

function assertInOrder({ name, events }: Seen, replay: string): void {
  const last = new Map<string, Version>();
  for (const event of events) {
    const known = last.get(event.key);
    const version = versionOf(event);
    assert.ok(
      known === undefined || compareVersions(version, known) > 0,
      `${replay}: ${name} got ${event.key} ${event.version} after ${known?.time}`,
    );
    last.set(event.key, version);
  }
}

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
    const replay = `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`;
    const run = new Run(seed);
    const { all, updates, ackedBefore } = await run.go();
    for (const seen of all) {
      assertInOrder(seen, replay);
      const newest = seen.newest();
      for (const [key, version] of run.acked) {
        const got = newest.get(key);
        // A key that was deleted before the watch began is no event, whether the delete was acknowledged or not.
        if (got === undefined && run.isDeleted(key)) continue;
        assert.ok(
          got !== undefined && compareVersions(got, version) >= 0,
          `${replay}: ${seen.name} missed ${key} ${version.time}, its last is ${got?.time}`,
        );
      }
    }
    assertInOrder(updates, replay);
    for (const event of updates.events) {
      const before = ackedBefore.get(event.key);
      assert.ok(
        before === undefined || compareVersions(versionOf(event), before) > 0,
        `${replay}: an old one`,
      );
    }
    const newest = updates.newest();
    for (const [key, version] of run.acked) {
      const got = newest.get(key) ?? ackedBefore.get(key);
      assert.ok(got !== undefined && compareVersions(got, version) >= 0, `${replay}: w2 missed ${key}`);
    }
  }
});
