// One run: clients, a workload and faults, all drawn from one seed; then everything heals, and the outcome is checked from
// outside.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import type { Level } from '../../src/model/level.js';
import type { ClusterDefinition, GetReply } from '../../src/wire/generated/types.js';
import { answerViolations } from './check/answers.js';
import { divergences, forgotten, type Held } from './check/converged.js';
import { unnoticed } from './check/found-out.js';
import type { Violation } from './check/history.js';
import { laterWinsViolations } from './check/later-wins.js';
import { lostViolations } from './check/lost.js';
import { QueueWatch } from './check/queues.js';
import { quorumViolations } from './check/quorum.js';
import { sessionViolations } from './check/session.js';
import { valueViolations } from './check/values.js';
import { parseVersion, type SeenVersion } from './check/version.js';
import { SimCluster } from './cluster.js';
import { DAMAGE, type FaultRates, without } from './fault-table.js';
import { Nemesis } from './nemesis.js';
import { type Planned, planOf } from './plan.js';
import { SeededRandom } from './random.js';
import { Reached } from './reached.js';
import { lineOf, type RunOptions, type RunResult } from './result.js';
import { Workload } from './workload.js';

export interface ScenarioOptions extends RunOptions {
  readonly steps?: number;
  readonly rates?: Partial<FaultRates>;
  /**
   * Every client keeps a session and works at level ONE or at `levels`, one operation after the other, through nodes and
   * itself in turn. `unkept`: it does not carry the token.
   */
  readonly sessions?: 'kept' | 'unkept';
  /**
   * No anti-entropy, no read repair, and clients alone coordinate: what an owner was away for, hints must bring it, unless
   * nobody took them.
   */
  readonly isByHintsAlone?: boolean;
  readonly cluster?: Partial<ClusterDefinition>;
  /**
   * Default: drawn from those whose reads meet their writes, and ONE in sessions. `bucket`: requests name none, and
   * `reached` counts the levels they had.
   */
  readonly levels?: Levels | 'bucket';
  /** The zone of every client. */
  readonly zone?: string;
}

interface Levels {
  readonly write: Level;
  readonly read: Level;
}

export interface ScenarioResult extends RunResult {
  readonly operations: number;
  readonly acked: number;
}

const ONE: Levels = { write: 'ONE', read: 'ONE' };
const BUCKET = 'default';
/** Few keys: writes and reads meet. Many: what is lost of one is not made good by the next write. */
const FEW_KEYS = ['0', '100', '137', '200', '__proto__'];
const MANY_KEYS = Array.from({ length: 40 }, (_, i) => String(i * 6 + 1));
/** Every so manyth run has many keys. */
const MANY_KEYS_EVERY = 3;
const CLIENTS = 3;
const STEPS = 80;
/** A round of anti-entropy, and the handoff before it, take less. */
const CONVERGENCE_MS = 40_000;
const FINAL_READ_MS = 5000;
const FINAL_TRIES_MAX = 5;
const FINAL_PAUSE_MS = 1000;
/** An ack may come before the entry reaches the replica's memory. */
const ARRIVAL_MS = 100;

/** W + R > RF, the usual one most of the time. */
const LEVELS: readonly Levels[] = [
  ...Array.from({ length: 7 }, () => ({ write: 'QUORUM', read: 'QUORUM' }) as const),
  { write: 'ALL', read: 'ONE' },
  { write: 'ONE', read: 'ALL' },
  { write: 'TWO', read: 'THREE' },
];

export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  return new Run(options).go();
}

class Run {
  private readonly cluster: SimCluster;
  private readonly nemesis: Nemesis;
  private readonly workload: Workload;
  private readonly queues: QueueWatch;
  private readonly reached = new Reached();
  private readonly levels: Levels | 'bucket';
  private readonly keys: readonly string[];
  private readonly plan: readonly Planned[];

  constructor(private readonly options: ScenarioOptions) {
    const { seed, onLog, sessions, cluster = {}, zone } = options;
    this.cluster = new SimCluster({
      seed,
      cluster,
      compaction: { minBytes: 4000, ratio: 2 },
      antiEntropy: { enabled: options.isByHintsAlone !== true },
      onKill: core => this.reached.counters(core),
      onFailedStart: () => this.reached.count('failed start'),
      onLog: (node, level, fields, message) => {
        this.reached.logged(message);
        onLog?.(lineOf(this.cluster.clock.monotonic(), node, level, message, fields));
      },
    });
    const usual: Levels = sessions === undefined ? drawLevels(seed) : ONE;
    this.levels = options.levels ?? (options.isByHintsAlone === true ? ONE : usual);
    const hasMany = options.isByHintsAlone === true || seed % MANY_KEYS_EVERY === 0;
    this.keys = hasMany && sessions === undefined ? MANY_KEYS : FEW_KEYS;
    this.plan = options.plan ?? this.draw();
    this.nemesis = new Nemesis(this.cluster, name => this.reached.count(name));
    this.workload = new Workload({
      cluster: this.cluster,
      nemesis: this.nemesis,
      clients: CLIENTS,
      keys: this.keys,
      levels: this.levels === 'bucket' ? undefined : this.levels,
      sessions,
      zone,
      onReached: what => this.reached.count(what),
    });
    this.queues = new QueueWatch(this.cluster);
  }

  async go(): Promise<ScenarioResult> {
    const { cluster, nemesis, workload, queues } = this;
    const { clock } = cluster;
    // Clocks that are wrong are so from the beginning.
    const isAtOnce = (part: Planned) => part.what === 'fault' && part.name === 'clockSkew';
    for (const part of this.plan) if (part.what === 'fault' && isAtOnce(part)) nemesis.begin(part);
    await cluster.start();
    await clock.advance(500);
    const startedAtMs = clock.monotonic();
    for (const part of this.plan.filter(each => !isAtOnce(each))) {
      if (startedAtMs + part.atMs > clock.monotonic()) {
        await clock.advance(startedAtMs + part.atMs - clock.monotonic());
        queues.look();
      }
      if (part.what === 'operation') workload.begin(part);
      else nemesis.begin(part);
    }
    await nemesis.heal();
    await cluster.waitFor(() => workload.isIdle, 'every request to be answered');
    await this.converge();
    const violations = await this.check();
    for (const { core } of cluster.running.values()) this.reached.counters(core);
    const acked = workload.history.filter(op => op.outcome === 'ok').length;
    const { length } = workload.history;
    return { violations, operations: length, acked, reached: this.reached.counts, plan: this.plan };
  }

  private draw(): readonly Planned[] {
    const { seed, steps = STEPS, rates = {}, sessions, levels, isByHintsAlone = false } = this.options;
    // What fewer than a quorum acknowledged does not survive the loss of that one disk.
    const survives = levels !== undefined || (this.levels !== 'bucket' && this.levels.write !== 'ONE');
    return planOf({
      seed,
      steps,
      rates: { ...(survives ? {} : without(DAMAGE)), ...rates },
      cluster: this.cluster.definition,
      keys: this.keys,
      clients: CLIENTS,
      viaNode: isByHintsAlone ? 0 : sessions === undefined ? 0.4 : 0.6,
      ttl: sessions === undefined ? 0.1 : 0,
      scans: sessions === undefined && !isByHintsAlone ? 0.05 : 0,
    });
  }

  private get held(): Held {
    const rings = this.workload.clients[0]?.coordinator.rings;
    return { bucket: BUCKET, keys: this.keys, ownersOf: key => rings?.of(BUCKET).owners(key) ?? [] };
  }

  /** Owners come to agree by themselves: nothing is read. What goes on behind answers, hints above all, comes to its end. */
  private async converge(): Promise<void> {
    const { clock } = this.cluster;
    const until = clock.monotonic() + CONVERGENCE_MS;
    while (!this.isSettled && clock.monotonic() < until) await clock.advance(500);
    await clock.advance(ARRIVAL_MS);
  }

  private get isSettled(): boolean {
    const { cluster } = this;
    const areHintsGone = cluster.nodes.every(node => cluster.disk(node).hints.entries.length === 0);
    return (
      areHintsGone && this.queues.areEmpty(this.coordinators) && divergences(cluster, this.held).length === 0
    );
  }

  private get coordinators(): readonly Coordinator[] {
    return this.workload.clients.map(({ coordinator }) => coordinator);
  }

  private async check(): Promise<Violation[]> {
    const { cluster, workload } = this;
    const { history } = workload;
    const isJudged = !this.hasHintRefused;
    const ordered = this.options.isByHintsAlone === true ? [] : this.orderViolations();
    const apart = isJudged ? divergences(cluster, this.held) : [];
    const atRest = [...apart, ...forgotten(cluster, this.held)];
    const queues = this.queues.atRest(this.coordinators);
    const lost = lostViolations(history, await this.finalReads());
    const damage = unnoticed(cluster, this.nemesis.injured);
    return [
      ...ordered,
      ...valueViolations(history),
      ...damage,
      ...atRest,
      ...queues,
      ...lost,
      ...this.unanswered(),
    ];
  }

  private orderViolations(): Violation[] {
    const { history } = this.workload;
    if (this.options.sessions !== undefined) return sessionViolations(history);
    const readsMeet = this.levels === 'bucket' || this.levels.read !== 'ONE';
    return [...quorumViolations(history, { readsMeet }), ...laterWinsViolations(history)];
  }

  /** Where hints alone bring owners together, one that nobody took is missing. */
  private get hasHintRefused(): boolean {
    if (this.options.isByHintsAlone !== true) return false;
    const isMissing = this.coordinators.some(({ hints }) => hints.failed > 0);
    this.reached.count(isMissing ? 'run not judged: a hint was refused' : 'run judged by hints alone');
    return isMissing;
  }

  private unanswered(): Violation[] {
    return answerViolations(this.workload.asked);
  }

  private async finalReads(): Promise<Map<string, SeenVersion | null>> {
    const seen = new Map<string, SeenVersion | null>();
    for (const key of this.keys) {
      const reply = await this.readAtAll(key);
      seen.set(key, reply.version === undefined ? null : parseVersion(reply.version, !reply.found));
    }
    return seen;
  }

  /** Nodes may only just have been heard of again. @throws when no try succeeds. */
  private async readAtAll(key: string): Promise<GetReply> {
    const { clock } = this.cluster;
    const [coordinator] = this.coordinators;
    if (coordinator === undefined) throw new TypeError('a run without clients');
    const request = { kind: 'read', bucket: BUCKET, key, level: 'ALL' } as const;
    for (let tries = 1; ; tries++)
      try {
        return await clock.until(coordinator.read(request, FINAL_READ_MS));
      } catch (error) {
        if (!(error instanceof DynatsError) || tries >= FINAL_TRIES_MAX) throw error;
        await clock.advance(FINAL_PAUSE_MS);
      }
  }
}

function drawLevels(seed: number): Levels {
  return new SeededRandom(seed).pick(LEVELS);
}
