// One run of buckets that are made and dropped again and again under one name, while clients use it and nodes fail: nothing
// of a dropped bucket is found in one made later.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import type { Violation } from './check/history.js';
import { SimCluster } from './cluster.js';
import { DAMAGE, without } from './fault-table.js';
import { Nemesis } from './nemesis.js';
import { type Planned, planFaults } from './plan.js';
import type { SeededRandom } from './random.js';
import { Reached } from './reached.js';
import { lineOf, type RunOptions, type RunResult } from './result.js';

const BUCKET = 'orders';
const KEYS = ['0', '100', '137', '200'];
const CLIENTS = 3;
const STEPS = 500;
const STEP_MS = 50;
const TIMEOUT_MS = 1500;
const GIVE_UP_MS = 4 * TIMEOUT_MS;
/** Making a bucket anew takes some seconds. */
const CHANGE_TIMEOUT_MS = 6000;
/** Faults are planned for the same time as the steps take, and fewer than elsewhere: a change needs most nodes. */
const RATE = 0.3;

export function runBuckets(options: RunOptions): Promise<RunResult> {
  return new Run(options).go();
}

class Run {
  private readonly cluster: SimCluster;
  private readonly random: SeededRandom;
  private readonly nemesis: Nemesis;
  private readonly clients: readonly Coordinator[];
  private readonly plan: readonly Planned[];
  private readonly reached = new Reached();
  private readonly violations: Violation[] = [];
  private underWay = 0;
  /** How often the bucket was dropped: what a value is marked with. */
  private drops = 0;
  private isThere = false;
  /** A drop has been asked for since the bucket was made. */
  private isDropping = false;
  /** Keys written, and acknowledged, since the bucket was made. */
  private readonly acked = new Set<string>();
  private isOver = false;
  private values = 0;

  constructor({ seed, plan, onLog }: RunOptions) {
    this.cluster = new SimCluster({
      seed,
      onLog: (node, level, fields, message) =>
        onLog?.(lineOf(this.cluster.clock.monotonic(), node, level, message, fields)),
    });
    this.random = this.cluster.random.fork();
    this.nemesis = new Nemesis(this.cluster, name => this.reached.count(name));
    this.clients = Array.from({ length: CLIENTS }, (_, i) => this.cluster.client(`c${i}`));
    const { definition } = this.cluster;
    const faults = planFaults({
      seed,
      steps: STEPS,
      rates: without(DAMAGE),
      cluster: definition,
      clients: CLIENTS,
    });
    this.plan = plan ?? faults.filter(({ amount }) => (amount * 41) % 1 < RATE);
  }

  async go(): Promise<RunResult> {
    const { cluster, random, nemesis } = this;
    const { clock } = cluster;
    await cluster.start();
    await clock.advance(500);
    const startedAtMs = clock.monotonic();
    const changing = this.makeAndDrop();
    for (let step = 0; step < STEPS; step++) {
      nemesis.follow(this.plan, clock.monotonic() - startedAtMs);
      for (const client of this.clients) {
        const key = random.pick(KEYS);
        if (random.chance(0.2)) this.begin(() => this.write(this.anyOr(client), key));
        if (random.chance(0.2)) this.begin(() => this.read(this.anyOr(client), key));
      }
      await clock.advance(STEP_MS * random.next());
    }
    this.isOver = true;
    await nemesis.heal();
    await clock.until(changing);
    await cluster.waitFor(() => this.underWay === 0, 'every request to be answered');
    // Whoever was away learns of it by itself, and nothing comes back with it.
    await clock.advance(15_000);
    for (const key of KEYS) await clock.until(Promise.all(this.clients.map(client => this.use(client, key))));
    return { violations: this.violations, reached: this.reached.counts, plan: this.plan };
  }

  /** A client, or the coordinator of a node that is up. */
  private anyOr(client: Coordinator): Coordinator {
    const node = this.random.pick(this.cluster.nodes);
    const core = this.nemesis.isUp(node) ? this.cluster.core(node) : undefined;
    return this.random.chance(0.5) ? client : (core?.coordinator ?? client);
  }

  /** What a node was asked that is killed meanwhile is never answered. */
  private begin(work: () => Promise<void>): void {
    this.underWay++;
    const given = new Promise<void>(done => this.cluster.clock.after(GIVE_UP_MS, done));
    void Promise.race([work(), given]).finally(() => this.underWay--);
  }

  private async makeAndDrop(): Promise<void> {
    const { clock } = this.cluster;
    while (!this.isOver || !this.isThere) {
      const isDrop = this.isThere;
      const client = this.random.pick(this.clients);
      this.isDropping ||= isDrop;
      try {
        await client.buckets.execute({ op: isDrop ? 'drop' : 'create', bucket: BUCKET }, CHANGE_TIMEOUT_MS);
        this.changed(isDrop);
      } catch (error) {
        if (!(error instanceof DynatsError)) throw error;
        this.reached.count(`bucket ${error.code}`);
        // A drop that timed out may have been one.
        if (isDrop && error.code === 'INVALID_REQUEST') this.changed(true);
      }
      await new Promise<void>(done => clock.after(isDrop ? 200 : 1500, done));
    }
  }

  private changed(isDrop: boolean): void {
    this.isThere = !isDrop;
    if (isDrop) this.drops++;
    else {
      this.isDropping = false;
      this.acked.clear();
    }
    this.reached.count(isDrop ? 'bucket dropped' : 'bucket made');
  }

  /** All is well: the bucket that is there in the end can be used. */
  private async use(client: Coordinator, key: string): Promise<void> {
    await this.read(client, key);
    try {
      const about = { bucket: BUCKET, key, level: 'QUORUM' } as const;
      await client.write({ kind: 'write', ...about, value: `${this.drops} end` }, TIMEOUT_MS);
      const { found } = await client.read({ kind: 'read', ...about }, TIMEOUT_MS);
      if (!found) throw new RangeError('nothing was found');
    } catch (error) {
      const what = `key ${key}: ${error instanceof Error ? error.message : String(error)}`;
      this.violations.push({ rule: 'a bucket that is there can be used', what });
    }
  }

  /** Whether the bucket is there, and has been since it was dropped so many times. */
  private isSure(drops: number): boolean {
    return this.isThere && !this.isDropping && this.drops === drops;
  }

  private async write(client: Coordinator, key: string): Promise<void> {
    const { drops } = this;
    const wasSure = this.isSure(drops);
    const value = `${drops} ${++this.values}`;
    const request = { kind: 'write', bucket: BUCKET, key, value, level: 'QUORUM' } as const;
    const reply = await client.write(request, TIMEOUT_MS).catch(expected);
    if (reply !== undefined && wasSure && this.isSure(drops)) this.acked.add(key);
  }

  private async read(client: Coordinator, key: string): Promise<void> {
    const { drops } = this;
    const wasSure = this.isSure(drops);
    const isThere = this.acked.has(key);
    const request = { kind: 'read', bucket: BUCKET, key, level: 'QUORUM' } as const;
    const reply = await client.read(request, TIMEOUT_MS).catch(expected);
    if (reply === undefined || !wasSure) return;
    this.reached.count('key of a bucket read');
    if (reply.value !== undefined && Number(reply.value.split(' ')[0]) < drops)
      this.violations.push({
        rule: 'nothing of a dropped bucket is found in one made later',
        what: `key ${key}: ${reply.value} after ${drops} drops`,
      });
    if (reply.value === undefined && isThere && this.isSure(drops))
      this.violations.push({
        rule: 'what was written to a bucket is found while that is there',
        what: `key ${key}: nothing, after ${drops} drops`,
      });
  }
}

function expected(error: unknown): undefined {
  if (!(error instanceof DynatsError)) throw error;
}
