// One run of watches among writes and faults: each newer version once, each key's in order, and in the end everything that was
// acknowledged, whatever nodes die, hang, or are cut off, the watcher too.
import type { WatchEvent } from '../../src/client/watch/event.js';
import { Watcher } from '../../src/client/watch/watcher.js';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import { checkScan } from '../../src/wire/scan.js';
import { SimAppliedFeed } from './applied.js';
import type { Violation } from './check/history.js';
import { isOlder, parseVersion, type SeenVersion } from './check/version.js';
import { SimCluster } from './cluster.js';
import { DAMAGE, without } from './fault-table.js';
import { Nemesis } from './nemesis.js';
import { SimBus, SimProcess } from './network.js';
import { type Planned, planFaults } from './plan.js';
import { Reached } from './reached.js';
import { lineOf, type RunOptions, type RunResult } from './result.js';

const KEYS = Array.from({ length: 86 }, (_, i) => String(i * 3));
const TIMEOUT_MS = 1500;
const STEPS = 120;
/** By then the nodes have heard of each other again. */
const SETTLED_MS = 1000;
/** Disks that forget are the other scenarios'. */
const rates = without(DAMAGE);

/** One watch, and everything it has delivered. */
export class Seen {
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

  newest(): Map<string, SeenVersion> {
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
  readonly acked = new Map<string, SeenVersion>();
  readonly cluster: SimCluster;
  readonly reached = new Reached();
  readonly plan: readonly Planned[];
  private readonly nemesis: Nemesis;
  private readonly writers: Coordinator[];
  private underWay = 0;

  constructor({ seed, plan, onLog }: RunOptions) {
    this.cluster = new SimCluster({
      seed,
      // Compaction tells old entries again: half of the runs must do without.
      compaction: { minBytes: seed % 2 === 0 ? 3000 : 1e9, ratio: 2 },
      onLog: (node, level, fields, message) =>
        onLog?.(lineOf(this.cluster.clock.monotonic(), node, level, message, fields)),
    });
    this.writers = ['c0', 'c1'].map(name => this.cluster.client(name));
    this.nemesis = new Nemesis(this.cluster, name => this.reached.count(name));
    const { definition } = this.cluster;
    this.plan = plan ?? planFaults({ seed, steps: STEPS, rates, cluster: definition, clients: 2 });
  }

  /** Resolves with the watches: one from the start, one from the middle, one of updates only. */
  async go(): Promise<{ all: Seen[]; updates: Seen; ackedBefore: Map<string, SeenVersion> }> {
    const { cluster, nemesis } = this;
    const random = cluster.random.fork();
    await cluster.start();
    await cluster.clock.advance(500);
    const first = new Seen(cluster, 'w0', 'last');
    await first.start();
    const all = [first];
    let updates: Seen | undefined;
    let ackedBefore = new Map<string, SeenVersion>();
    const startedAtMs = cluster.clock.monotonic();
    for (let step = 0; step < STEPS; step++) {
      nemesis.follow(this.plan, cluster.clock.monotonic() - startedAtMs);
      if (random.chance(0.02)) first.cutOff(random.next() * 1000);
      for (const writer of this.writers)
        if (random.chance(0.6)) void this.write(writer, random.pick(KEYS), random.chance(0.2));
      await cluster.clock.advance(40 * random.next());
      if (step === STEPS / 2) {
        const late = new Seen(cluster, 'w1', 'last');
        await late.start();
        all.push(late);
        await this.heal();
        updates = new Seen(cluster, 'w2', 'updates');
        await updates.start();
        ackedBefore = new Map(this.acked);
      }
    }
    await this.heal();
    await cluster.waitFor(() => this.underWay === 0, 'every write to be answered');
    await cluster.clock.advance(5000);
    if (updates === undefined) throw new Error('no watch of updates was begun');
    for (const { watcher } of [...all, updates]) watcher.stop();
    return { all, updates, ackedBefore };
  }

  private async heal(): Promise<void> {
    await this.nemesis.heal();
    await this.cluster.clock.advance(SETTLED_MS);
  }

  /** Whether the newest record of the key that any node holds is a tombstone. */
  isDeleted(key: string): boolean {
    const held = this.cluster.nodes.flatMap(
      node => this.cluster.core(node)?.replica.memtable.get('default', key) ?? [],
    );
    return held.toSorted((a, b) => (isOlder(a, b) ? -1 : 1)).at(-1)?.deleted === true;
  }

  private async write(writer: Coordinator, key: string, isDelete: boolean): Promise<void> {
    this.underWay++;
    const value = isDelete ? {} : { value: 'x'.repeat(50) };
    try {
      const request = { kind: 'write', bucket: 'default', key, level: 'QUORUM', ...value } as const;
      const { version } = await writer.write(request, TIMEOUT_MS);
      const written = parseVersion(version, isDelete);
      const known = this.acked.get(key);
      if (known === undefined || isOlder(known, written)) this.acked.set(key, written);
    } catch (error) {
      if (!(error instanceof DynatsError)) throw error;
    }
    this.underWay--;
  }
}

function* outOfOrder({ name, events }: Seen): Generator<Violation> {
  const last = new Map<string, SeenVersion>();
  for (const event of events) {
    const known = last.get(event.key);
    const version = versionOf(event);
    if (known !== undefined && !isOlder(known, version))
      yield {
        rule: 'a watch delivers each newer version once, in order',
        what: `${name} got ${event.key} ${event.version} after ${known.time}`,
      };
    last.set(event.key, version);
  }
}

/** Whatever was acknowledged has been delivered, or something newer. */
function* missed(run: Run, { name }: Seen, newest: ReadonlyMap<string, SeenVersion>): Generator<Violation> {
  for (const [key, version] of run.acked) {
    const got = newest.get(key);
    // A key that was deleted before the watch began is no event, whether the delete was acknowledged or not.
    if (got === undefined && run.isDeleted(key)) continue;
    if (got === undefined || isOlder(got, version))
      yield {
        rule: 'a watch misses nothing that was acknowledged',
        what: `${name} missed ${key} ${version.time}, its last is ${got?.time}`,
      };
  }
}

export async function runWatches(options: RunOptions): Promise<RunResult> {
  const run = new Run(options);
  const { all, updates, ackedBefore } = await run.go();
  const violations: Violation[] = [];
  for (const seen of all) violations.push(...outOfOrder(seen), ...missed(run, seen, seen.newest()));
  violations.push(...outOfOrder(updates));
  for (const event of updates.events) {
    const before = ackedBefore.get(event.key);
    if (before !== undefined && !isOlder(before, versionOf(event)))
      violations.push({
        rule: 'a watch of updates tells nothing that was there before',
        what: `${event.key} ${event.version}`,
      });
  }
  violations.push(...missed(run, updates, new Map([...ackedBefore, ...updates.newest()])));
  run.reached.count(
    'watch event',
    [...all, updates].reduce((sum, { events }) => sum + events.length, 0),
  );
  return { violations, reached: run.reached.counts, plan: run.plan };
}
