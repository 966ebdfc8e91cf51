// A simulated cluster: real nodes (NodeCore) on simulated brokers, and clients that coordinate for themselves.
import { Coordinator } from '../../src/coordinator/coordinator.js';
import { NodeCore } from '../../src/node/core.js';
import type { NodeState } from '../../src/node/core-options.js';
import type { Logger } from '../../src/ports.js';
import type { AntiEntropySettings } from '../../src/replica/anti-entropy.js';
import type { CompactionSettings } from '../../src/replica/compaction.js';
import type { ClusterDefinition } from '../../src/wire/generated/types.js';
import { SimBus, SimNetwork, SimProcess } from './network.js';
import { SeededRandom } from './random.js';
import { SimDisk, SimHintStream, SimReplicaLog } from './streams.js';
import { VirtualClock } from './virtual-clock.js';

export interface SimOptions {
  readonly seed: number;
  readonly cluster?: Partial<ClusterDefinition>;
  readonly compaction?: Partial<CompactionSettings>;
  readonly antiEntropy?: Partial<AntiEntropySettings>;
  /** Told of a node's core before its process is killed. */
  readonly onKill?: (core: NodeCore) => void;
  /** Told of each start that failed and is tried again. */
  readonly onFailedStart?: () => void;
  /** Receives every log line of every node. */
  readonly onLog?: (node: string, level: string, fields: object, message: string) => void;
}

/** After a start that failed, in milliseconds. */
const START_AGAIN_MS = 500;

interface Running {
  readonly process: SimProcess;
  readonly core: NodeCore;
  state: NodeState['state'] | undefined;
}

export class SimCluster {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly definition: ClusterDefinition;
  readonly disks = new Map<string, SimDisk>();
  readonly running = new Map<string, Running>();
  /** How far ahead of true time the clock of each node and client is, in milliseconds. */
  readonly skewMs = new Map<string, number>();
  /** When each node last said that it recovers. */
  readonly recoveringAtMs = new Map<string, number>();
  private wasStarted = false;

  constructor(private readonly options: SimOptions) {
    this.random = new SeededRandom(options.seed);
    this.network = new SimNetwork(this.clock, this.random.fork());
    this.definition = {
      name: 'sim',
      nodes: ['n0', 'n1', 'n2', 'n3'],
      replicationFactor: 3,
      partitioner: 'byte-ordered',
      ...options.cluster,
    };
    for (const node of this.definition.nodes) {
      const broker = this.network.addSite(node);
      this.disks.set(node, new SimDisk(node, this.network, broker));
    }
  }

  get nodes(): readonly string[] {
    return this.definition.nodes;
  }

  /** Starts every node and waits until all serve. */
  async start(): Promise<void> {
    const started = Promise.all(this.nodes.map(node => this.startNode(node)));
    await this.clock.until(started);
    this.wasStarted = true;
    await this.waitFor(
      () => this.nodes.every(node => this.stateOf(node) === 'serving'),
      'all nodes to serve',
    );
  }

  disk(node: string): SimDisk {
    const disk = this.disks.get(node);
    if (disk === undefined) throw new TypeError(`no node ${node}`);
    return disk;
  }

  core(node: string): NodeCore | undefined {
    return this.running.get(node)?.core;
  }

  stateOf(node: string): string | undefined {
    return this.running.get(node)?.core.replica.state;
  }

  /** Starts a node's replica process; its broker too when that is down. */
  async startNode(node: string): Promise<void> {
    const disk = this.disk(node);
    disk.broker.isUp = true;
    const process = new SimProcess(this.network, disk.broker);
    const running: Running = { process, core: this.makeCore(node, process), state: undefined };
    this.running.set(node, running);
    try {
      await running.core.start();
    } catch (error) {
      // A node that was killed while it started is none.
      if (process.isAlive) throw error;
    }
  }

  /** As an operator does: a start that fails is tried again. */
  keepStarting(node: string): void {
    // One process for each name; node.ts refuses a second.
    if (this.running.has(node)) return;
    this.startNode(node).catch(() => {
      this.options.onFailedStart?.();
      this.killReplica(node);
      this.clock.after(START_AGAIN_MS, () => this.keepStarting(node));
    });
  }

  killReplica(node: string): void {
    const running = this.running.get(node);
    if (running !== undefined) this.options.onKill?.(running.core);
    running?.process.kill();
    this.running.delete(node);
  }

  /** Kills replica and broker. */
  killNode(node: string): void {
    this.killReplica(node);
    this.disk(node).broker.crash();
  }

  /** Kills the broker alone; what it held on disk stays. The replica notices by its closed connection. */
  crashBroker(node: string): void {
    this.disk(node).broker.crash();
    this.core(node)?.lostBroker();
  }

  restartBroker(node: string): void {
    this.disk(node).broker.isUp = true;
    this.core(node)?.reopen();
  }

  /** The replica's connection to its broker breaks, while both are well and the log goes on to take writes. */
  disconnect(node: string): void {
    this.running.get(node)?.process.disconnect();
    this.core(node)?.lostBroker();
  }

  reconnect(node: string): void {
    this.running.get(node)?.process.reconnect();
    this.core(node)?.reopen();
  }

  pause(node: string): void {
    const running = this.running.get(node);
    if (running !== undefined) running.process.isPaused = true;
    this.disk(node).broker.isPaused = true;
  }

  resume(node: string): void {
    this.disk(node).broker.resume();
    this.running.get(node)?.process.resume();
  }

  /** Cuts sites off from all others. @returns what mends it. */
  isolate(...isolated: string[]): () => void {
    const mends: (() => void)[] = [];
    for (const a of this.network.brokers.keys())
      for (const b of this.network.brokers.keys())
        if (isolated.includes(a) !== isolated.includes(b)) mends.push(this.network.cut(a, b));
    return () => {
      for (const mend of mends) mend();
    };
  }

  /** A client that coordinates for itself, connected at a site of its own. */
  client(name: string, zone?: string): Coordinator {
    const process = new SimProcess(this.network, this.network.addSite(`at-${name}`));
    const coordinator = new Coordinator({
      bus: new SimBus(process),
      clock: this.clock.skewed(() => this.skewMs.get(name) ?? 0),
      random: this.random.fork(),
      cluster: this.definition,
      name,
      zone,
    });
    coordinator.start();
    return coordinator;
  }

  async waitFor(check: () => boolean, what: string, limitMs = 30_000): Promise<void> {
    const until = this.clock.monotonic() + limitMs;
    while (!check()) {
      if (this.clock.monotonic() > until) throw new Error(`${limitMs} ms were not enough for ${what}`);
      await this.clock.advance(10);
    }
  }

  private makeCore(node: string, process: SimProcess): NodeCore {
    const disk = this.disk(node);
    const clock = this.clock.skewed(() => this.skewMs.get(node) ?? 0);
    return new NodeCore({
      node,
      cluster: this.definition,
      incarnation: Math.floor(clock.now()),
      bus: new SimBus(process),
      log: new SimReplicaLog(process, disk),
      hints: new SimHintStream(process, disk),
      hintsOf: holder => new SimHintStream(process, this.disk(holder)),
      clock: pausable(clock, process),
      random: this.random.fork(),
      logger: this.loggerOf(node),
      broker: () => ({ name: node, version: 'sim', url: '' }),
      isNewCluster: !this.wasStarted,
      compaction: this.options.compaction,
      antiEntropy: this.options.antiEntropy,
      onState: ({ state }) => {
        const running = this.running.get(node);
        if (running !== undefined) running.state = state;
        if (state === 'recovering') this.recoveringAtMs.set(node, this.clock.monotonic());
      },
      onTwin: () => {},
    });
  }

  private loggerOf(node: string): Logger {
    const at = (level: string) => (fields: object, message: string) =>
      this.options.onLog?.(node, level, fields, message);
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}

/** Timers of a dead process never fire; those of a paused one fire when it goes on. */
function pausable(clock: ReturnType<VirtualClock['skewed']>, process: SimProcess): typeof clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (delayMs, task) => clock.after(delayMs, () => process.run(task)),
  };
}
