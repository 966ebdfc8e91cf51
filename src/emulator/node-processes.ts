// The processes of one node: started, killed, paused and stopped together or one by one.
import type { Child } from './child.js';
import { failed } from './emulator-error.js';
import type { Launcher } from './launcher.js';
import { Part, parts } from './part.js';
import type { ReplicaReport } from './replica-message.js';
import type { ReplicaProcess } from './replica-process.js';

const replicaGraceMs = 5000;
const brokerGraceMs = 5000;

/** `down`: not running because someone asked for it, or never started. `died`: ended by itself. */
export type ProcessState = 'running' | 'paused' | 'down' | 'died';

export interface ProcessView {
  readonly pid: number | null;
  readonly state: ProcessState;
  /** Why it died. */
  readonly why?: string;
}

export interface NodeHooks {
  /** A process was started, or ended. */
  onChange: () => void;
  /** A process that had started well ended by itself. */
  onDeath: (part: Part, why: string) => void;
}

export class NodeProcesses {
  private readonly children = new Map<Part, Child>();
  private readonly deaths = new Map<Part, string>();
  private replica: ReplicaProcess | undefined;
  /** Counts what ends processes, so that a start which is under way gives up. */
  private endings = 0;
  /** The emulator stops: nothing is started any more. */
  private closed = false;

  /** @param own the parts this node has: with a single broker, the replica only. */
  constructor(
    readonly name: string,
    readonly own: readonly Part[],
    private readonly launcher: Launcher,
    private readonly hooks: NodeHooks,
  ) {}

  /**
   * Starts the brokers that do not run, and waits until they listen. The bus server first: a log broker that did not
   * find it would stay with another node's, and share that node's fate.
   *
   * @returns which were started.
   */
  async startBrokers(): Promise<Part[]> {
    this.mustBeOpen();
    const { endings } = this;
    const missing = this.own.filter(part => part !== Part.Replica && !this.isRunning(part));
    for (const part of missing) {
      this.mustNotHaveEnded(endings);
      const { child, listens } =
        part === Part.Bus ? this.launcher.bus(this.name) : this.launcher.log(this.name);
      this.adopt(part, child);
      await listens();
      this.mustNotHaveEnded(endings);
      this.watch(part, child);
    }
    return missing;
  }

  /**
   * Starts the replica unless it runs. Resolves when it serves or is recovering.
   *
   * @param isNewCluster no node of the cluster has run before.
   */
  async startReplica(isNewCluster = false): Promise<ReplicaReport | undefined> {
    this.mustBeOpen();
    if (this.isRunning(Part.Replica)) return undefined;
    const replica = this.launcher.replica(this.name, isNewCluster);
    this.replica = replica;
    this.adopt(Part.Replica, replica.child);
    const { endings } = this;
    const report = await replica.started();
    this.mustNotHaveEnded(endings);
    this.watch(Part.Replica, replica.child);
    return report;
  }

  /** Ends the log broker, if it runs and is not paused, and starts it: for when it is there and of no use. */
  async restartLog(): Promise<void> {
    if (!this.isRunning(Part.Log) || this.isPaused(Part.Log)) return;
    await this.children.get(Part.Log)?.kill();
    await this.startBrokers();
  }

  isRunning(part: Part): boolean {
    return this.children.get(part)?.running ?? false;
  }

  isPaused(part: Part): boolean {
    return this.children.get(part)?.paused ?? false;
  }

  /** Whether all of its processes run and none is paused. */
  get whole(): boolean {
    return this.own.every(part => this.isRunning(part) && !this.isPaused(part));
  }

  /** Resolves to the parts that ran. */
  async kill(some: readonly Part[]): Promise<Part[]> {
    this.endings++;
    const running = some.filter(part => this.isRunning(part));
    await Promise.all(running.map(part => this.children.get(part)?.kill()));
    return running;
  }

  pause(some: readonly Part[]): Part[] {
    const running = some.filter(part => this.isRunning(part) && !this.isPaused(part));
    for (const part of running) this.children.get(part)?.pause();
    return running;
  }

  resume(some: readonly Part[]): Part[] {
    const paused = some.filter(part => this.isPaused(part));
    for (const part of paused) this.children.get(part)?.resume();
    return paused;
  }

  /** For good: the node is not started again. */
  async stopReplica(): Promise<void> {
    this.closed = true;
    this.endings++;
    await this.children.get(Part.Replica)?.stop(replicaGraceMs);
  }

  /** For good, as `stopReplica`. */
  async stopBrokers(): Promise<void> {
    this.closed = true;
    this.endings++;
    await Promise.all([Part.Bus, Part.Log].map(part => this.children.get(part)?.stop(brokerGraceMs)));
  }

  /** SIGKILL to all, without waiting: for the end of this process. */
  killNow(): void {
    for (const child of this.children.values()) child.killNow();
  }

  /** The replica's last report, while it runs. */
  get report(): ReplicaReport | undefined {
    return this.isRunning(Part.Replica) ? this.replica?.report : undefined;
  }

  view(part: Part): ProcessView {
    const child = this.children.get(part);
    if (child?.running === true)
      return { pid: child.pid ?? null, state: child.paused ? 'paused' : 'running' };
    const why = this.deaths.get(part);
    return why === undefined ? { pid: null, state: 'down' } : { pid: null, state: 'died', why };
  }

  /** Pids of what runs, by part. */
  pids(): [Part, number][] {
    return parts.flatMap(part => {
      const { pid } = this.view(part);
      return pid === null ? [] : [[part, pid] as [Part, number]];
    });
  }

  private adopt(part: Part, child: Child): void {
    this.children.set(part, child);
    this.deaths.delete(part);
    this.hooks.onChange();
    void child.exited.then(() => this.hooks.onChange());
  }

  private watch(part: Part, child: Child): void {
    void child.exited.then(() => {
      if (child.ending) return;
      const why = part === Part.Replica ? (this.replica?.whyEnded() ?? '') : child.whyEnded();
      this.deaths.set(part, why);
      this.hooks.onDeath(part, why);
    });
  }

  private mustBeOpen(): void {
    if (this.closed) throw failed('the emulator is stopping');
  }

  private mustNotHaveEnded(endings: number): void {
    if (this.endings !== endings) throw failed(`${this.name} was killed or stopped while it started`);
  }
}

/** Waits for all to settle before it rejects, so that nothing of a failed start is still under way. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const rejected = results.find(result => result.status === 'rejected');
  if (rejected !== undefined) throw rejected.reason;
  return results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
}
