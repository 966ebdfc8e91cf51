// One simulated run against deletes: each key has one client, so what a read may find is known exactly; nodes die, hang, lose
// their disks and are cut off for long; and between the troubles deletes are purged. Nothing deleted may come back.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import type { Violation } from './check/history.js';
import { PossibleValues } from './check/possible.js';
import { SimCluster } from './cluster.js';
import { Nemesis } from './nemesis.js';
import { type Planned, planFaults } from './plan.js';
import type { SeededRandom } from './random.js';
import { Reached } from './reached.js';
import { lineOf, type RunOptions, type RunResult } from './result.js';

export interface PurgeResult extends RunResult {
  /** Floors above 0 at the end, over all nodes; keys held by no node at the end. */
  readonly floors: number;
  readonly purgedKeys: number;
}

const KEYS = Array.from({ length: 16 }, (_, i) => String(i * 16));
const CYCLES = 4;
const STEPS = 40;
const TIMEOUT_MS = 1500;
/** Longer than anything in a run is under way: a hang of 4 s, a call, and the hints it leaves. */
const PURGE_AFTER_MS = 15_000;
/** Writes may be under way for so long, which is less than a purge waits. */
const STRAGGLER_MS = 0.8 * PURGE_AFTER_MS;
const READ_EVERY_MS = 1000;
const STRAGGLER_CHANCE = 0.03;
const QUIET_MS = 60_000;
/** By then the nodes have heard of each other again. */
const SETTLED_MS = 1000;
/** Each cycle of troubles has so much of the plan's time, in milliseconds. */
const CYCLE_PLAN_MS = 5000;
/** Longer than it takes to purge, had nobody been away. */
const ABSENCE_MS = 50_000;
const ABSENT_BEFORE_MS = 4000;

export async function runPurgeScenario(options: RunOptions): Promise<PurgeResult> {
  return new PurgeRun(options).go();
}

class PurgeRun {
  private readonly cluster: SimCluster;
  private readonly random: SeededRandom;
  private readonly client: Coordinator;
  private readonly possible = new PossibleValues();
  private readonly busy = new Map<string, Promise<void>>();
  private readonly violations: Violation[] = [];
  private readonly reached = new Reached();
  private readonly nemesis: Nemesis;
  private readonly plan: readonly Planned[];
  private values = 0;

  constructor({ seed, plan, onLog }: RunOptions) {
    this.cluster = new SimCluster({
      seed,
      compaction: { minBytes: 500, ratio: 1.1 },
      antiEntropy: { periodMs: 3000, purgeAfterMs: PURGE_AFTER_MS },
      onKill: core => this.reached.counters(core),
      onLog: (node, level, fields, message) => {
        this.reached.logged(message);
        onLog?.(lineOf(this.cluster.clock.monotonic(), node, level, message, fields));
      },
    });
    this.random = this.cluster.random.fork();
    this.client = this.cluster.client('c0');
    this.nemesis = new Nemesis(this.cluster, name => this.reached.count(name));
    const steps = (CYCLES * CYCLE_PLAN_MS) / 25;
    this.plan = plan ?? planFaults({ seed, steps, cluster: this.cluster.definition, clients: 1 });
  }

  async go(): Promise<PurgeResult> {
    const { cluster, random } = this;
    await cluster.start();
    await cluster.clock.advance(500);
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      cluster.network.stragglers = { chance: STRAGGLER_CHANCE, ms: STRAGGLER_MS };
      const begunMs = cluster.clock.monotonic() - cycle * CYCLE_PLAN_MS;
      for (let step = 0; step < STEPS; step++) {
        this.nemesis.follow(this.plan, cluster.clock.monotonic() - begunMs);
        for (const key of KEYS) if (random.chance(0.2) && !this.busy.has(key)) this.operate(key);
        await cluster.clock.advance(200 * random.next());
      }
      if (random.chance(0.5)) await this.longAbsence();
      await this.heal();
      // In some cycles the next trouble comes while the purge is half done.
      await this.readOn(random.chance(0.3) ? QUIET_MS * random.next() : QUIET_MS);
      await this.readAll();
    }
    for (const { core } of cluster.running.values()) this.reached.counters(core);
    const tables = cluster.nodes.map(node => cluster.core(node)?.replica.memtable);
    return {
      violations: this.violations,
      plan: this.plan,
      floors: tables.reduce((sum, table) => sum + Object.keys(table?.floors() ?? {}).length, 0),
      purgedKeys: KEYS.filter(key => tables.every(table => table?.get('default', key) === undefined)).length,
      reached: this.reached.counts,
    };
  }

  /** What came back for a moment, before anti-entropy buried it, is found too. */
  private async readOn(forMs: number): Promise<void> {
    this.cluster.network.stragglers = { chance: 0, ms: 0 };
    for (let leftMs = forMs; leftMs > 0; leftMs -= READ_EVERY_MS) {
      for (const key of KEYS) if (this.random.chance(0.3) && !this.busy.has(key)) this.operate(key, ['get']);
      await this.cluster.clock.advance(Math.min(leftMs, READ_EVERY_MS));
    }
    await this.cluster.waitFor(() => this.busy.size === 0, 'every read to be answered');
  }

  private operate(key: string, kinds = ['put', 'put', 'delete', 'delete', 'expire', 'get']): void {
    const kind = this.random.pick(kinds);
    const value = kind === 'delete' ? undefined : `${kind} ${++this.values}`;
    const request = { bucket: 'default', key, level: 'QUORUM' as const };
    const done = async () => {
      try {
        if (kind === 'get') {
          const { value: found } = await this.client.read({ kind: 'read', ...request }, TIMEOUT_MS);
          this.check(key, found, 'a read');
          return;
        }
        const content = value === undefined ? {} : { value };
        const ttl = kind === 'expire' ? { ttlMs: 1 + this.random.below(10_000) } : {};
        await this.client.write({ kind: 'write', ...request, ...content, ...ttl }, TIMEOUT_MS);
        this.possible.acked(key, value, kind === 'expire');
      } catch (error) {
        if (!(error instanceof DynatsError)) throw error;
        this.reached.count(error.code);
        if (kind !== 'get' && error.effect === 'unknown')
          this.possible.unknown(key, value, kind === 'expire');
      }
    };
    const work = done().finally(() => this.busy.delete(key));
    this.busy.set(key, work);
  }

  /** One node is dead or cut off for so long that the others would have purged; they go on meanwhile, and forget its hints. */
  private async longAbsence(): Promise<void> {
    const { cluster, random } = this;
    await this.heal();
    const node = random.pick(cluster.nodes);
    // It may hold hints for another that is back before it.
    const other = random.pick(cluster.nodes.filter(each => each !== node));
    cluster.killNode(other);
    await this.work(ABSENT_BEFORE_MS, 500);
    const isKilled = random.chance(0.5);
    this.reached.count(isKilled ? 'long death' : 'long partition');
    if (isKilled) cluster.killNode(node);
    else cluster.isolate(node);
    cluster.keepStarting(other);
    await this.work(ABSENCE_MS, 2500);
    if (random.chance(0.5))
      for (const holder of cluster.nodes) cluster.disk(holder).hints.purge(Number.MAX_SAFE_INTEGER);
    if (isKilled) cluster.keepStarting(node);
  }

  private async work(forMs: number, stepMs: number): Promise<void> {
    for (let leftMs = forMs; leftMs > 0; leftMs -= stepMs) {
      for (const key of KEYS) if (this.random.chance(0.1) && !this.busy.has(key)) this.operate(key);
      await this.cluster.clock.advance(stepMs);
    }
  }

  private async heal(): Promise<void> {
    await this.nemesis.heal();
    await this.cluster.waitFor(() => this.busy.size === 0, 'every request to be answered', 60_000);
    await this.cluster.clock.advance(SETTLED_MS);
  }

  private async readAll(): Promise<void> {
    const { cluster } = this;
    for (const key of KEYS) {
      const request = { kind: 'read' as const, bucket: 'default', key, level: 'QUORUM' as const };
      const reply = await cluster.clock.until(this.client.read(request, 5000));
      this.check(key, reply.value, 'a read when all was well again');
    }
  }

  private check(key: string, found: string | undefined, what: string): void {
    const violation = this.possible.found(key, found, what);
    if (violation !== undefined) this.violations.push(violation);
  }
}
