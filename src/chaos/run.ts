// One run: load, faults, healing, a last look at everything, and the verdict.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, type Verdict } from '../check/check.js';
import type { Client } from '../client/client.js';
import { connect } from '../client/connect.js';
import type { ConnectOptions } from '../client/options.js';
import { Availability } from './availability.js';
import { type Convergence, converge, notServing } from './convergence.js';
import { faultNamed } from './faults/all.js';
import type { Fault } from './faults/fault.js';
import { finalClient, finalReads } from './final-reads.js';
import { Histories } from './histories.js';
import { clientSpecs, type LevelMix } from './load/clients.js';
import { Fleet } from './load/fleet.js';
import { type ClientSpec, type LoadSpec, sharedNowMs } from './load/order.js';
import { isFlat, type MemoryOfPart, MemorySampler } from './memory.js';
import { Nemesis, type Struck } from './nemesis.js';
import { makePlan, type PlannedBlow } from './plan.js';
import { SeededRandom } from './random.js';
import type { TestCluster } from './test-cluster.js';
import { joined } from './verdict.js';

export interface RunOptions {
  readonly cluster: TestCluster;
  readonly connection: ConnectOptions;
  readonly seed: number;
  readonly durationMs: number;
  readonly everyMs: number;
  readonly faults: readonly Fault[];
  /** In all processes together. */
  readonly clients: number;
  readonly processes: number;
  readonly levels: LevelMix;
  /** Keys that are in use at a time. */
  readonly keys: number;
  /** File that gets every operation as a line of JSON. */
  readonly historyFile?: string;
  /** Default: drawn from the seed. */
  readonly plan?: readonly PlannedBlow[];
  readonly signal: AbortSignal;
  readonly onEvent: (line: string) => void;
}

export interface RunResult {
  readonly verdict: Verdict;
  /** Whether every promise was kept, and every key is there to be read. */
  readonly clean: boolean;
  /** Keys that could not be read at QUORUM in the end. */
  readonly unreadable: number;
  readonly seed: number;
  readonly tookMs: number;
  /** The longest time in which nothing succeeded for anybody, and for the client that was worst off, in milliseconds. */
  readonly unavailableMs: number;
  readonly worstClientMs: number;
  readonly struck: Struck;
  /** Whether every node served again, and how soon after the last fault, in milliseconds. */
  readonly served: boolean;
  readonly convergence: Convergence;
  readonly memory: readonly MemoryOfPart[];
  readonly memoryFlat: boolean;
}

/** The history of so long is judged at once. */
const epochMs = 20_000;
const timeoutMs = 2000;
const serveLimitMs = 60_000;
const convergeLimitMs = 60_000;

export async function run(options: RunOptions): Promise<RunResult> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dynats-history-'));
  const client = await connect({ ...options.connection, timeoutMs: 5000 });
  try {
    return await new Run(options, client, new Histories(dir, options.historyFile)).result();
  } finally {
    await client.close();
    await rm(dir, { recursive: true, force: true });
  }
}

class Run {
  private readonly begunAtMs = sharedNowMs();

  constructor(
    private readonly options: RunOptions,
    private readonly client: Client,
    private readonly histories: Histories,
  ) {}

  async result(): Promise<RunResult> {
    const { cluster } = this.options;
    const plan = this.options.plan ?? makePlan({ ...this.options, nodes: cluster.nodes });
    const memory = new MemorySampler(cluster);
    const fleet = await Fleet.begin(this.loadSpecs());
    try {
      const struck = await Promise.race([this.strike(plan), fleet.failed]);
      this.say('all is healed; the load ends');
      await fleet.end();
      return await this.conclude(struck, memory.stop());
    } finally {
      fleet.killNow();
      memory.stop();
    }
  }

  private async strike(plan: readonly PlannedBlow[]): Promise<Struck> {
    const { cluster, signal, onEvent, durationMs } = this.options;
    const endsAtMs = performance.now() + durationMs;
    const struck = await new Nemesis({ cluster, client: this.client, signal, onEvent }).carryOut(plan);
    const leftMs = endsAtMs - performance.now();
    if (leftMs > 0) await sleep(leftMs, undefined, { signal }).catch(() => {});
    return struck;
  }

  private async conclude(struck: Struck, memory: readonly MemoryOfPart[]): Promise<RunResult> {
    const { cluster, seed } = this.options;
    const tookMs = sharedNowMs() - this.begunAtMs;
    const missing = await notServing(this.client, cluster.nodes, serveLimitMs);
    const served = missing.length === 0;
    if (!served) this.say(`not every node serves: ${missing.join('; ')}`);
    const convergence = await converge(this.client, convergeLimitMs);
    this.say(
      convergence.converged
        ? `the owners of ${convergence.keys} keys agree; reading them all`
        : `the owners of ${convergence.differing.length} of ${convergence.keys} keys differ`,
    );
    const availability = new Availability();
    const disksLost = forgot(struck, cluster);
    const verdicts: Verdict[] = [];
    let unreadable = 0;
    for (const epoch of await this.histories.epochs()) {
      const operations = await this.histories.read(epoch);
      availability.add(operations);
      const last = await finalReads(this.client, operations);
      unreadable += last.unreadable;
      const keys = new Set(operations.map(({ key }) => key));
      const holdings = convergence.holdings.filter(({ key }) => keys.has(key));
      verdicts.push(check([...operations, ...last.reads], { holdings, disksLost, finalClient }));
      await this.histories.drop(epoch, [...last.reads, ...holdings]);
    }
    const verdict = joined(verdicts);
    return {
      verdict,
      unreadable,
      clean: verdict.isKept && unreadable === 0 && served && convergence.converged,
      seed,
      tookMs,
      unavailableMs: availability.ofAll.ms,
      worstClientMs: availability.ofOne.ms,
      struck,
      served,
      convergence,
      memory,
      memoryFlat: memory.every(isFlat),
    };
  }

  private specs(): ClientSpec[] {
    return clientSpecs(this.options.clients, this.options.levels);
  }

  private loadSpecs(): LoadSpec[] {
    const { connection, processes, seed, keys } = this.options;
    const random = new SeededRandom(seed);
    const specs = this.specs();
    const run = Date.now().toString(36);
    return Array.from({ length: Math.min(processes, specs.length) }, (_, process) => ({
      connection,
      clients: specs.filter((_, client) => client % processes === process),
      seed: random.below(2 ** 31),
      run,
      keys,
      epochMs,
      timeoutMs,
      file: this.histories.fileOf(process),
    }));
  }

  private say(line: string): void {
    this.options.onEvent(`${((sharedNowMs() - this.begunAtMs) / 1000).toFixed(1).padStart(6)}s ${line}`);
  }
}

/** Whether some disk lost what it held: then only what a quorum acknowledged must last. */
function forgot({ counts }: Struck, { isSynced }: TestCluster): boolean {
  return Object.keys(counts).some(name => {
    const isPowerLoss = name.startsWith('power-loss');
    return isPowerLoss ? isSynced !== true : faultNamed(name)?.losesData === true;
  });
}
