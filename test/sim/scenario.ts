// One simulated run: clients, a workload and faults, all drawn from one seed; then everything heals, and the outcome is
// checked from outside.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import type { Level } from '../../src/model/level.js';
import { compareRecords } from '../../src/model/record.js';
import { SessionMemory } from '../../src/model/session.js';
import type { ClusterDefinition } from '../../src/wire/generated/types.js';
import { SimCluster } from './cluster.js';
import {
  History,
  isOlder,
  type Operation,
  overtaken,
  parseVersion,
  show,
  type Violation,
} from './history.js';
import type { SeededRandom } from './random.js';
import { recordsOnDisk } from './records-on-disk.js';

/** Probabilities, each of one fault in one step. */
export interface FaultRates {
  readonly killNode: number;
  readonly killReplica: number;
  readonly pause: number;
  readonly isolate: number;
  readonly loss: number;
  readonly delay: number;
  readonly refuse: number;
  /** A disk forgets: wiped, its tail lost, a hole, a flipped bit. Of one node at a time, until it is whole again. */
  readonly damage: number;
  /** Probability that clocks go wrong in a run, from its start or from some point on. */
  readonly skew: number;
}

export const DEFAULT_RATES: FaultRates = {
  killNode: 0.02,
  killReplica: 0.02,
  pause: 0.015,
  isolate: 0.015,
  loss: 0.05,
  delay: 0.05,
  refuse: 0.02,
  damage: 0.015,
  skew: 0.3,
};

export interface ScenarioOptions {
  readonly seed: number;
  readonly steps?: number;
  readonly rates?: Partial<FaultRates>;
  /**
   * Every client keeps a session and works at level ONE or at `levels`, one operation after the other, through nodes and
   * clients in turn. `unkept`: it does not carry the token.
   */
  readonly sessions?: 'kept' | 'unkept';
  readonly cluster?: Partial<ClusterDefinition>;
  /** Default QUORUM for both, and ONE in sessions. `bucket`: requests name none, and `reached` counts the levels they had. */
  readonly levels?: { readonly write: Level; readonly read: Level } | 'bucket';
  /** The zone of every client. */
  readonly zone?: string;
  readonly onLog?: (line: string) => void;
}

export interface ScenarioResult {
  readonly violations: Violation[];
  readonly operations: number;
  readonly acked: number;
  /** How often each rare thing happened. */
  readonly reached: Record<string, number>;
}

const KEYS = ['0', '100', '137', '200', 'a key'];
const CLIENTS = 3;
const STEP_MS = 50;
const HOUR_MS = 3_600_000;
const OPERATION_TIMEOUT_MS = 1500;
/** A round of anti-entropy, and the handoff before it, take less. */
const CONVERGENCE_MS = 30_000;

export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const run = new Run(options);
  return run.go();
}

interface SimClient {
  readonly name: string;
  readonly coordinator: Coordinator;
  readonly memory: SessionMemory;
  isBusy: boolean;
}

class Run {
  private readonly cluster: SimCluster;
  private readonly random: SeededRandom;
  private readonly history = new History();
  private readonly rates: FaultRates;
  private readonly reached: Record<string, number> = {};
  private readonly clients: SimClient[];
  private readonly down = new Set<string>();
  private injured: string | undefined;
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly options: ScenarioOptions) {
    const { seed, onLog } = options;
    this.cluster = new SimCluster({
      seed,
      ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
      compaction: { minBytes: 4000, ratio: 2 },
      ...(onLog === undefined
        ? {}
        : {
            onLog: (node, level, fields, message) =>
              onLog(
                `${this.cluster.clock.monotonic().toFixed(1)} ${node} ${level} ${message} ${JSON.stringify(fields)}`,
              ),
          }),
    });
    this.random = this.cluster.random.fork();
    this.rates = { ...DEFAULT_RATES, ...options.rates };
    this.clients = Array.from({ length: CLIENTS }, (_, i) => ({
      name: `c${i}`,
      coordinator: this.cluster.client(`c${i}`, options.zone),
      // Fewer keys than there are: some are always forgotten.
      memory: new SessionMemory(2),
      isBusy: false,
    }));
  }

  async go(): Promise<ScenarioResult> {
    const { clock } = this.cluster;
    const steps = this.options.steps ?? 120;
    const skewAt = this.random.chance(this.rates.skew)
      ? Math.max(0, this.random.below(2 * steps) - steps)
      : undefined;
    if (skewAt === 0) this.skewClocks();
    await this.cluster.start();
    await clock.advance(500);
    for (let step = 0; step < steps; step++) {
      if (step === skewAt && step > 0) this.skewClocks();
      this.injectFaults();
      for (const client of this.clients) if (this.random.chance(0.7)) this.operate(client);
      await clock.advance(STEP_MS * this.random.next());
    }
    await this.healAll();
    await this.waitForAnswers();
    await this.converge();
    const ordered =
      this.options.sessions === undefined
        ? [...this.history.violations(), ...overtaken(this.history.operations)]
        : this.history.sessionViolations();
    const violations = [...ordered, ...this.divergences(), ...this.forgotten(), ...(await this.finalReads())];
    const acked = this.history.operations.filter(op => op.outcome === 'ok').length;
    return { violations, operations: this.history.operations.length, acked, reached: this.reached };
  }

  /** One node an hour ahead and one an hour behind, or one client wrong: most clocks are right. */
  private skewClocks(): void {
    const { nodes, skewMs } = this.cluster;
    if (this.random.chance(0.5)) {
      this.count('skewed nodes');
      const first = this.random.below(nodes.length);
      skewMs.set(nodes[first] ?? '', HOUR_MS);
      skewMs.set(nodes[(first + 1 + this.random.below(nodes.length - 1)) % nodes.length] ?? '', -HOUR_MS);
    } else {
      this.count('skewed client');
      skewMs.set(this.random.pick(this.clients).name, this.random.pick([HOUR_MS, -HOUR_MS]));
    }
  }

  private operate(client: SimClient): void {
    const { clock } = this.cluster;
    const { name, memory } = client;
    const isSession = this.options.sessions !== undefined;
    if (isSession && client.isBusy) return;
    client.isBusy = true;
    const coordinator = isSession ? this.anyCoordinator() : client.coordinator;
    const key = this.random.pick(KEYS);
    const kind = this.random.chance(0.45) ? 'get' : this.random.chance(0.15) ? 'delete' : 'put';
    const startedAtMs = clock.monotonic();
    const operation: Operation = {
      client: name,
      kind,
      key,
      startedAtMs,
      endedAtMs: Number.POSITIVE_INFINITY,
      outcome: 'unknown',
      version: null,
    };
    this.history.operations.push(operation);
    const usual = isSession ? 'ONE' : 'QUORUM';
    const { levels = { read: usual, write: usual } } = this.options;
    const level =
      levels === 'bucket'
        ? ({ level: 'QUORUM', isLevelDefault: true } as const)
        : { level: kind === 'get' ? levels.read : levels.write };
    const session = this.options.sessions === 'kept' ? { session: memory.about('default', key) } : {};
    const request = { bucket: 'default', key, ...level, ...session };
    const work =
      kind === 'get'
        ? coordinator.read({ kind: 'read', ...request }, OPERATION_TIMEOUT_MS)
        : coordinator.write(
            {
              kind: 'write',
              ...request,
              ...(kind === 'put' ? { value: `${name}-${this.history.operations.length}` } : {}),
            },
            OPERATION_TIMEOUT_MS,
          );
    const done = Promise.race([work, this.noAnswer()]).then(
      reply => {
        operation.outcome = 'ok';
        if (levels === 'bucket') this.count(reply.level);
        if (reply.session !== undefined) memory.learn('default', key, reply.session);
        const isDelete = 'found' in reply ? !reply.found : kind === 'delete';
        operation.version = reply.version === undefined ? null : parseVersion(reply.version, isDelete);
      },
      error => {
        if (!(error instanceof DynatsError)) throw error;
        this.count(error.code);
        operation.outcome = error.effect === 'none' ? 'refused' : 'unknown';
      },
    );
    const tracked: Promise<void> = done.then(() => {
      client.isBusy = false;
      operation.endedAtMs = clock.monotonic();
      this.underWay.delete(tracked);
    });
    this.underWay.add(tracked);
  }

  /** One of the clients, or of the nodes that are there and not frozen. */
  private anyCoordinator(): Coordinator {
    const cores = this.cluster.nodes.flatMap(node =>
      this.down.has(node) ? [] : (this.cluster.core(node)?.coordinator ?? []),
    );
    return this.random.pick([...this.clients.map(client => client.coordinator), ...cores]);
  }

  /** What becomes of a request whose coordinator was killed. */
  private noAnswer(): Promise<never> {
    return new Promise((_, reject) => {
      this.cluster.clock.after(2 * OPERATION_TIMEOUT_MS, () =>
        reject(new DynatsError('WRITE_TIMEOUT', 'nobody answered', 'unknown')),
      );
    });
  }

  private injectFaults(): void {
    const { cluster, random, rates } = this;
    const node = random.pick(cluster.nodes);
    const isDown = this.down.has(node);
    if (this.injured !== undefined && cluster.stateOf(this.injured) === 'serving') this.injured = undefined;
    if (this.injured === undefined && random.chance(rates.damage)) {
      this.damage(node);
      return;
    }
    const lasting = 100 + random.next() * 4000;
    if (!isDown && random.chance(rates.killNode))
      this.takeDown(node, 'killNode', lasting, () => cluster.killNode(node));
    else if (!isDown && random.chance(rates.killReplica))
      this.takeDown(node, 'killReplica', lasting, () => cluster.killReplica(node));
    else if (!isDown && random.chance(rates.pause)) {
      this.count('pause');
      this.down.add(node);
      cluster.pause(node);
      cluster.clock.after(lasting, () =>
        this.comeBack(node, () => {
          cluster.resume(node);
          this.startAgain(node);
        }),
      );
    } else if (random.chance(rates.isolate)) {
      this.count('isolate');
      cluster.isolate(...cluster.nodes.filter(() => random.chance(0.3)));
      cluster.clock.after(lasting, () => cluster.network.heal());
    }
    if (random.chance(rates.loss))
      cluster.network.faults = {
        ...cluster.network.faults,
        loss: random.chance(0.5) ? 0 : random.next() * 0.1,
      };
    if (random.chance(rates.delay))
      cluster.network.faults = {
        ...cluster.network.faults,
        delay: random.next() * 0.3,
        delayMs: random.next() * 200,
      };
    if (random.chance(rates.refuse)) {
      const disk = cluster.disk(node);
      const isFull = random.chance(0.5);
      if (isFull) this.count('refuse');
      disk.refuse = () => isFull;
    }
  }

  /** A quorum's write survives the loss of one disk, not of two: the next is damaged only when the last is whole again. */
  private damage(node: string): void {
    const { cluster, random } = this;
    if (cluster.nodes.some(other => this.down.has(other) || cluster.stateOf(other) !== 'serving')) return;
    const disk = cluster.disk(node);
    const { entries } = disk.log ?? { entries: [] };
    const at = random.below(Math.max(1, entries.length));
    const damages: [string, () => void][] = [
      ['wipe', () => disk.wipe()],
      ['lose tail', () => disk.log?.loseTail(1 + random.below(20))],
      ['hole', () => entries.splice(at, 1 + random.below(5))],
      [
        'bit flip',
        () => {
          const entry = entries[at];
          if (entry === undefined) return;
          const data = Buffer.from(entry.data);
          const byte = random.below(data.length);
          data[byte] = (data[byte] ?? 0) ^ (1 << random.below(8));
          entries[at] = { ...entry, data };
        },
      ],
    ];
    // Its log broker alone may be the one that died, and comes back with less.
    if (random.chance(0.3)) {
      const [name, inflict] = random.pick(damages.filter(([damage]) => damage !== 'bit flip'));
      this.damageBroker(node, `${name} of a running replica`, inflict);
      return;
    }
    const [name, inflict] = random.pick(damages);
    this.takeDown(node, name, 100 + random.next() * 1000, () => {
      cluster.killNode(node);
      inflict();
    });
    this.injured = node;
  }

  private damageBroker(node: string, what: string, inflict: () => void): void {
    const { cluster, random } = this;
    const { broker } = cluster.disk(node);
    this.count(what);
    this.injured = node;
    this.down.add(node);
    broker.crash();
    cluster.core(node)?.lostBroker();
    inflict();
    cluster.clock.after(100 + random.next() * 1000, () =>
      this.comeBack(node, () => {
        broker.isUp = true;
        cluster.core(node)?.reopen();
      }),
    );
  }

  private takeDown(node: string, what: string, forMs: number, kill: () => void): void {
    this.count(what);
    this.down.add(node);
    kill();
    this.cluster.clock.after(forMs, () => this.comeBack(node, () => this.startAgain(node)));
  }

  private comeBack(node: string, start: () => void): void {
    if (!this.down.delete(node)) return;
    start();
  }

  /** As an operator does: a start that fails is tried again. */
  private startAgain(node: string): void {
    // One process for each name; node.ts refuses a second.
    if (this.down.has(node) || this.cluster.running.has(node)) return;
    this.cluster.startNode(node).catch(() => {
      this.count('failed start');
      this.cluster.killReplica(node);
      this.cluster.clock.after(500, () => this.startAgain(node));
    });
  }

  private async healAll(): Promise<void> {
    const { cluster } = this;
    cluster.network.heal();
    cluster.network.faults = { loss: 0, delay: 0, delayMs: 0 };
    for (const node of cluster.nodes) cluster.disk(node).refuse = () => false;
    await cluster.clock.advance(6000);
    await cluster.waitFor(
      () => cluster.nodes.every(node => cluster.stateOf(node) === 'serving'),
      `all nodes to serve again (${cluster.nodes.map(node => `${node} ${cluster.stateOf(node)}: ${cluster.core(node)?.replica.reason}`).join(', ')})`,
    );
  }

  /** Owners come to agree by themselves: nothing is read. Those that do not are found right after. */
  private async converge(): Promise<void> {
    const { clock } = this.cluster;
    const until = clock.monotonic() + CONVERGENCE_MS;
    while (this.divergences().length > 0 && clock.monotonic() < until) await clock.advance(500);
    // An ack may come before the entry reaches the replica's memory.
    await clock.advance(100);
  }

  private async waitForAnswers(): Promise<void> {
    await this.cluster.waitFor(() => this.underWay.size === 0, 'every request to be answered');
  }

  /** After healing a read at ALL of each key returns the newest of all that was acked. */
  private async finalReads(): Promise<Violation[]> {
    const client = this.clients[0];
    if (client === undefined) return [];
    const found: Violation[] = [];
    for (const key of KEYS) {
      const reading = client.coordinator.read({ kind: 'read', bucket: 'default', key, level: 'ALL' }, 5000);
      const reply = await this.cluster.clock.until(reading);
      const seen = reply.version === undefined ? null : parseVersion(reply.version, !reply.found);
      for (const op of this.history.operations)
        if (op.key === key && op.outcome === 'ok' && isOlder(seen, op.version))
          found.push({
            rule: 'no acknowledged write is lost',
            what: `key ${key}: ${op.kind} acked ${show(op.version)}, at the end there is ${show(seen)}`,
          });
    }
    return found;
  }

  private divergences(): Violation[] {
    const { cluster } = this;
    const found: Violation[] = [];
    for (const key of KEYS) {
      const owners = this.clients[0]?.coordinator.rings.of('default').owners(key) ?? [];
      const copies = owners.map(owner => cluster.core(owner)?.replica.memtable.get('default', key));
      const [first, ...others] = copies;
      for (const copy of others)
        if (
          (first === undefined) !== (copy === undefined) ||
          (first && copy && compareRecords(first, copy) !== 0)
        )
          found.push({
            rule: 'replicas converge',
            what: `key ${key}: owners hold ${copies.map(c => show(c ?? null)).join(', ')}`,
          });
    }
    return found;
  }

  /** What a replica holds in memory must be in its log: memory does not survive. */
  private forgotten(): Violation[] {
    const { cluster } = this;
    return cluster.nodes.flatMap(node => {
      const onDisk = recordsOnDisk(cluster.disk(node));
      return KEYS.flatMap(key => {
        const held = cluster.core(node)?.replica.memtable.get('default', key);
        if (held === undefined || !isOlder(onDisk.get(key) ?? null, held)) return [];
        const what = `key ${key}: ${node} serves ${show(held)}, its log has ${show(onDisk.get(key) ?? null)}`;
        return [{ rule: 'a log holds what its replica serves', what }];
      });
    });
  }

  private count(what: string): void {
    this.reached[what] = (this.reached[what] ?? 0) + 1;
  }
}
