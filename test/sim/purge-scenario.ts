// One simulated run against deletes: each key has one client, so what a read may find is known exactly; nodes die, hang, lose
// their disks and are cut off for long; and between the troubles deletes are purged. Nothing deleted may come back.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import { SimCluster } from './cluster.js';
import type { SeededRandom } from './random.js';

export interface PurgeResult {
  readonly violations: string[];
  /** Floors above 0 at the end, over all nodes; keys held by no node at the end. */
  readonly floors: number;
  readonly purgedKeys: number;
  /** How often each rare thing happened. */
  readonly reached: Record<string, number>;
}

const KEYS = Array.from({ length: 16 }, (_, i) => String(i * 16));
const CYCLES = 4;
const STEPS = 40;
const TIMEOUT_MS = 1500;
/** Longer than anything in a run is under way: a hang of 4 s, a call, and the hints it leaves. */
const PURGE_AFTER_MS = 15_000;
const QUIET_MS = 60_000;
/** Longer than it takes to purge, had nobody been away. */
const ABSENCE_MS = 50_000;

/** One write of a key: what a read may find of it; undefined is nothing. */
interface Written {
  readonly value: string | undefined;
  /** It may have expired. */
  readonly isMortal: boolean;
}

export async function runPurgeScenario(seed: number, onLog?: (line: string) => void): Promise<PurgeResult> {
  return new PurgeRun(seed, onLog).go();
}

class PurgeRun {
  private readonly cluster: SimCluster;
  private readonly random: SeededRandom;
  private readonly client: Coordinator;
  /** The last write of each key that is sure, and those after it of which nobody knows, oldest first. */
  private readonly possible = new Map<string, Written[]>();
  private readonly busy = new Map<string, Promise<void>>();
  private readonly down = new Set<string>();
  private readonly violations: string[] = [];
  private readonly reached: Record<string, number> = {};
  private values = 0;

  constructor(seed: number, onLog?: (line: string) => void) {
    this.cluster = new SimCluster({
      seed,
      compaction: { minBytes: 500, ratio: 1.1 },
      antiEntropy: { periodMs: 3000, purgeAfterMs: PURGE_AFTER_MS },
      ...(onLog === undefined
        ? {}
        : {
            onLog: (node, level, fields, message) =>
              onLog(
                `${this.cluster.clock.monotonic().toFixed(0)} ${node} ${level} ${message} ${JSON.stringify(fields)}`,
              ),
          }),
    });
    this.random = this.cluster.random.fork();
    this.client = this.cluster.client('c0');
  }

  async go(): Promise<PurgeResult> {
    const { cluster, random } = this;
    await cluster.start();
    await cluster.clock.advance(500);
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      for (let step = 0; step < STEPS; step++) {
        this.trouble();
        for (const key of KEYS) if (random.chance(0.2) && !this.busy.has(key)) this.operate(key);
        await cluster.clock.advance(200 * random.next());
      }
      if (random.chance(0.5)) await this.longAbsence();
      await this.heal();
      // In some cycles the next trouble comes while the purge is half done.
      await cluster.clock.advance(random.chance(0.3) ? QUIET_MS * random.next() : QUIET_MS);
      await this.readAll();
    }
    const tables = cluster.nodes.map(node => cluster.core(node)?.replica.memtable);
    return {
      violations: this.violations,
      floors: tables.reduce((sum, table) => sum + Object.keys(table?.floors() ?? {}).length, 0),
      purgedKeys: KEYS.filter(key => tables.every(table => table?.get('default', key) === undefined)).length,
      reached: this.reached,
    };
  }

  private operate(key: string): void {
    const kind = this.random.pick(['put', 'put', 'delete', 'delete', 'expire', 'get']);
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
        this.possible.set(key, [{ value, isMortal: kind === 'expire' }]);
      } catch (error) {
        if (!(error instanceof DynatsError)) throw error;
        this.count(error.code);
        if (kind !== 'get' && error.effect === 'unknown')
          this.possible.set(key, [...this.writesOf(key), { value, isMortal: kind === 'expire' }]);
      }
    };
    const work = done().finally(() => this.busy.delete(key));
    this.busy.set(key, work);
  }

  private trouble(): void {
    const { cluster, random } = this;
    const node = random.pick(cluster.nodes);
    const forMs = 100 + random.next() * 4000;
    const isWell = () => this.down.size === 0 && cluster.nodes.every(n => cluster.stateOf(n) === 'serving');
    if (random.chance(0.08) && isWell()) {
      const disk = cluster.disk(node);
      const isWiped = random.chance(0.3);
      const { entries } = disk.log ?? { entries: [] };
      this.takeDown(node, isWiped ? 'wipe' : 'damage', forMs, () => {
        cluster.killNode(node);
        if (isWiped) disk.wipe();
        else if (random.chance(0.5)) disk.log?.loseTail(1 + random.below(20));
        else entries.splice(random.below(Math.max(1, entries.length)), 1 + random.below(5));
      });
    } else if (random.chance(0.05) && !this.down.has(node)) {
      if (random.chance(0.5)) this.takeDown(node, 'killNode', forMs, () => cluster.killNode(node));
      else this.takeDown(node, 'killReplica', forMs, () => cluster.killReplica(node));
    } else if (random.chance(0.03) && !this.down.has(node)) {
      this.count('pause');
      this.down.add(node);
      cluster.pause(node);
      cluster.clock.after(forMs, () => {
        this.down.delete(node);
        cluster.resume(node);
        this.startAgain(node);
      });
    } else if (random.chance(0.03)) {
      this.count('isolate');
      cluster.isolate(...cluster.nodes.filter(() => random.chance(0.3)));
      cluster.clock.after(forMs, () => cluster.network.heal());
    }
    if (random.chance(0.1))
      cluster.network.faults = {
        loss: random.chance(0.5) ? 0 : 0.05,
        delay: random.next() * 0.3,
        delayMs: 200,
      };
  }

  /** One node is dead or cut off for so long that the others would have purged; they go on meanwhile, and forget its hints. */
  private async longAbsence(): Promise<void> {
    const { cluster, random } = this;
    await this.heal();
    const node = random.pick(cluster.nodes);
    const isKilled = random.chance(0.5);
    this.count(isKilled ? 'long death' : 'long partition');
    if (isKilled) cluster.killNode(node);
    else cluster.isolate(node);
    for (let leftMs = ABSENCE_MS; leftMs > 0; leftMs -= 2500) {
      for (const key of KEYS) if (random.chance(0.1) && !this.busy.has(key)) this.operate(key);
      await cluster.clock.advance(2500);
    }
    if (random.chance(0.5))
      for (const holder of cluster.nodes) cluster.disk(holder).hints.purge(Number.MAX_SAFE_INTEGER);
    if (isKilled) this.startAgain(node);
  }

  private takeDown(node: string, what: string, forMs: number, kill: () => void): void {
    this.count(what);
    this.down.add(node);
    kill();
    this.cluster.clock.after(forMs, () => {
      this.down.delete(node);
      this.startAgain(node);
    });
  }

  private startAgain(node: string): void {
    const { cluster } = this;
    if (this.down.has(node) || cluster.running.has(node)) return;
    cluster.startNode(node).catch(() => {
      cluster.killReplica(node);
      cluster.clock.after(500, () => this.startAgain(node));
    });
  }

  private async heal(): Promise<void> {
    const { cluster } = this;
    cluster.network.heal();
    cluster.network.faults = { loss: 0, delay: 0, delayMs: 0 };
    await cluster.waitFor(
      () => this.busy.size === 0 && cluster.nodes.every(node => cluster.stateOf(node) === 'serving'),
      'all nodes to serve again',
      60_000,
    );
  }

  private async readAll(): Promise<void> {
    const { cluster } = this;
    for (const key of KEYS) {
      const request = { kind: 'read' as const, bucket: 'default', key, level: 'QUORUM' as const };
      const reply = await cluster.clock.until(this.client.read(request, 5000));
      this.check(key, reply.value, 'a read when all was well again');
    }
  }

  private writesOf(key: string): readonly Written[] {
    return this.possible.get(key) ?? [{ value: undefined, isMortal: false }];
  }

  /** Above ONE no read goes backwards: what is older than what was found is out of the question from now on. */
  private check(key: string, found: string | undefined, what: string): void {
    const writes = this.writesOf(key);
    const at = writes.findIndex(
      ({ value, isMortal }) => value === found || (isMortal && found === undefined),
    );
    if (at >= 0) {
      const isMortal = writes[at]?.isMortal === true && found !== undefined;
      this.possible.set(key, [{ value: found, isMortal }, ...writes.slice(at + 1)]);
      return;
    }
    const expected = writes.map(({ value }) => value ?? 'nothing').join(' or ');
    this.violations.push(
      `${this.cluster.clock.monotonic().toFixed(0)} key ${key}: ${what} found ${found ?? 'nothing'}, not ${expected}`,
    );
  }

  private count(what: string): void {
    this.reached[what] = (this.reached[what] ?? 0) + 1;
  }
}
