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
        if (random.chance(0.2)) this.begin(() => this.write(client, key));
        if (random.chance(0.2)) this.begin(() => this.read(client, key));
      }
      await clock.advance(STEP_MS * random.next());
    }
    this.isOver = true;
    await nemesis.heal();
    await clock.until(changing);
    await cluster.waitFor(() => this.underWay === 0, 'every request to be answered');
    // Whoever was away learns of it by itself, and nothing comes back with it.
    await clock.advance(15_000);
    for (const client of this.clients) for (const key of KEYS) this.begin(() => this.read(client, key));
    await cluster.waitFor(() => this.underWay === 0, 'every request to be answered');
    return { violations: this.violations, reached: this.reached.counts, plan: this.plan };
  }

  private begin(work: () => Promise<void>): void {
    this.underWay++;
    void work().finally(() => this.underWay--);
  }

  private async makeAndDrop(): Promise<void> {
    const { clock } = this.cluster;
    while (!this.isOver || !this.isThere) {
      const isDrop = this.isThere;
      const client = this.random.pick(this.clients);
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
    this.reached.count(isDrop ? 'bucket dropped' : 'bucket made');
  }

  private async write(client: Coordinator, key: string): Promise<void> {
    const value = `${this.drops} ${++this.values}`;
    const request = { kind: 'write', bucket: BUCKET, key, value, level: 'QUORUM' } as const;
    await client.write(request, TIMEOUT_MS).catch(expected);
  }

  private async read(client: Coordinator, key: string): Promise<void> {
    const { drops, isThere } = this;
    const request = { kind: 'read', bucket: BUCKET, key, level: 'QUORUM' } as const;
    const reply = await client.read(request, TIMEOUT_MS).catch(expected);
    if (!isThere || reply?.value === undefined) return;
    this.reached.count('value of a bucket read');
    if (Number(reply.value.split(' ')[0]) < drops)
      this.violations.push({
        rule: 'nothing of a dropped bucket is found in one made later',
        what: `key ${key}: ${reply.value} after ${drops} drops`,
      });
  }
}

function expected(error: unknown): undefined {
  if (!(error instanceof DynatsError)) throw error;
}
