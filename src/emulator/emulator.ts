// A cluster of local processes: the brokers and replicas of every node, as children of this process.
import { rmSync } from 'node:fs';
import type { ConnectOptions } from '../client/options.js';
import { Role } from '../wire/permissions.js';
import { ensureBinary } from './binaries/ensure-binary.js';
import { type ControlHandler, ControlServer } from './control-server.js';
import { DataDirLock } from './data-dir-lock.js';
import { EmulatorError, EmulatorFault, failed, messageOf, usage } from './emulator-error.js';
import { refuseForeignDir } from './foreign-dir.js';
import { Launcher } from './launcher.js';
import { type Layout, layoutOf, type NodeFiles, sharedBrokerName } from './layout.js';
import { endLeftovers } from './leftovers.js';
import { allOf, NodeProcesses } from './node-processes.js';
import { BrokerMode, type EmulatorOptions, type Links } from './options.js';
import { listOf, Part, parts } from './part.js';
import { type PeerView, untilNoticed } from './peer-watch.js';
import { busUrls, logUrl, makePlan, type Plan, portsOf, portUses } from './plan.js';
import { checkPortsFree } from './ports.js';
import type { EmulatorReport, Ended, Restarted } from './report.js';
import { connectionAs, emulatorSecrets } from './secrets/emulator-secrets.js';
import type { Secrets } from './secrets/secrets.js';
import { type EmulatorState, type RecordedProcess, readState, stateOf, writeState } from './state-file.js';

/** How long to wait for the others to notice a killed, a paused and a returned node. */
const killNoticeMs = 1000;
const pauseNoticeMs = 5000;
const returnNoticeMs = 5000;
/** Entries of a log that takes a while to read: only of such a one is it said how far the replica is. */
const longLogEntries = 1000;

export class Emulator implements AsyncDisposable {
  /** Resolves when the emulator has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
  private readonly members: ReadonlyMap<string, NodeProcesses>;
  /** With a single broker: that one, as a node that has nothing else. */
  private readonly shared: NodeProcesses | undefined;
  private readonly launcher: Launcher;
  private control: ControlServer | undefined;
  private stopping: Promise<void> | undefined;
  private resolveStopped: () => void = () => undefined;
  private readonly atExit = () => this.killNow();

  private constructor(
    private readonly options: EmulatorOptions,
    private readonly layout: Layout,
    private readonly plan: Plan,
    private readonly lock: DataDirLock,
    binary: string,
    links: Links | undefined,
    private readonly secrets: Secrets | undefined,
  ) {
    this.stopped = new Promise(resolve => {
      this.resolveStopped = resolve;
    });
    this.launcher = new Launcher({
      plan,
      layout,
      binary,
      settings: options,
      links,
      secrets,
      onReport: (node, { state, applied, total }) => {
        if (state === 'catching-up' && total !== undefined && total >= longLogEntries)
          options.onProgress?.(`${node} reads its log: ${applied ?? 0} of ${total} entries`);
      },
    });
    const single = plan.broker === BrokerMode.Single;
    const own = single ? [Part.Replica] : parts;
    this.members = new Map(plan.cluster.nodes.map(name => [name, this.processesOf(name, own)]));
    this.shared = single ? this.processesOf(sharedBrokerName, [Part.Log]) : undefined;
  }

  /**
   * Starts every node. Resolves when every replica serves or is recovering and the nodes see each other.
   *
   * @throws EmulatorError with one line that says what to do; nothing is left running.
   */
  static async start(options: EmulatorOptions): Promise<Emulator> {
    const layout = layoutOf(options.dataDir, options.storeOf);
    refuseForeignDir(layout);
    const lock = takeLock(layout);
    let emulator: Emulator | undefined;
    try {
      const made = readState(layout.stateFile);
      const plan = makePlan(options, made);
      await endWhatIsLeft(made, options);
      const binary = await ensureBinary(
        'nats-server',
        options.onProgress === undefined ? {} : { onProgress: options.onProgress },
      );
      await checkPortsFree(portUses(plan));
      const links = await options.links?.({
        nodes: plan.cluster.nodes,
        portsOf: node => portsOf(plan, node),
      });
      const secrets = await emulatorSecrets(plan, layout);
      emulator = new Emulator(options, layout, plan, lock, binary.path, links, secrets);
      await emulator.startAll(made === undefined);
      return emulator;
    } catch (error) {
      if (emulator === undefined) lock.release();
      else await emulator.stop();
      throw options.signal?.aborted === true ? failed('interrupted', error) : error;
    }
  }

  /** Names of the nodes, in ring order. */
  get nodes(): readonly string[] {
    return this.plan.cluster.nodes;
  }

  /** URLs of the bus servers, in node order. */
  get urls(): readonly string[] {
    return busUrls(this.plan);
  }

  /** What a user of `role` gives to `connect`. */
  connectionAs(role: Role): ConnectOptions {
    const servers = [...this.urls];
    return this.secrets === undefined ? { servers } : { servers, ...connectionAs(this.secrets.dir, role) };
  }

  get cluster(): Plan['cluster'] {
    return this.plan.cluster;
  }

  /** URL of the broker that holds a node's log. */
  logUrl(node: string): string {
    this.member(node);
    return logUrl(this.plan, node);
  }

  /** A node's files: its configuration, its log files and its JetStream store. */
  files(node: string): NodeFiles {
    this.member(node);
    return this.layout.node(node);
  }

  /**
   * Kills a node's processes, or some of them, with SIGKILL. Resolves when they are gone and the other nodes see the
   * node as not writable, or after a second. (A node that lost its bus server only stays reachable through the others'.)
   */
  async kill(node: string, some?: readonly Part[]): Promise<Ended> {
    const member = this.live(node);
    const wanted = this.partsOf(member, some);
    const begun = performance.now();
    const killed = await member.kill(wanted);
    if (killed.length === 0) throw usage(`the ${listOf(wanted)} of ${node} did not run`);
    return { parts: killed, ...(await this.notice(member, killed, begun, killNoticeMs)) };
  }

  /** Stops a node's processes with SIGSTOP: they hang until `resume`. Resolves as `kill` does, within 5 seconds. */
  async pause(node: string, some?: readonly Part[]): Promise<Ended> {
    const member = this.live(node);
    const begun = performance.now();
    const paused = member.pause(this.partsOf(member, some));
    if (paused.length === 0) throw usage(`nothing of ${node} runs that could be paused`);
    return { parts: paused, ...(await this.notice(member, paused, begun, pauseNoticeMs)) };
  }

  /** Lets the paused processes of a node go on. Resolves when the others see the node as writable, within 5 seconds. */
  async resume(node: string): Promise<Ended> {
    const member = this.live(node);
    const begun = performance.now();
    const resumed = member.resume(parts);
    if (resumed.length === 0) throw usage(`nothing of ${node} is paused`);
    const noticed =
      !member.whole || (await this.othersSee([node], view => view?.writable === true, returnNoticeMs));
    return {
      parts: resumed,
      observers: this.observersOf([node]).length,
      noticed,
      tookMs: performance.now() - begun,
    };
  }

  /** Starts whatever of the node does not run. Resolves when its replica serves or is recovering. */
  async restart(node: string): Promise<Restarted> {
    const member = this.live(node);
    if (member.own.some(part => member.isPaused(part)))
      throw usage(`${node} is paused: let it go on with dynats resume ${node}`);
    const begun = performance.now();
    const missing = member.own.filter(part => !member.isRunning(part));
    if (missing.length === 0 && this.shared?.isRunning(Part.Log) !== false)
      throw usage(`${node} is already running`);
    await this.shared?.startBrokers();
    await member.startBrokers();
    await member.startReplica();
    await this.othersSee([node], view => view?.writable === true, returnNoticeMs);
    const { state, reason } = member.report ?? { state: 'serving' as const };
    return {
      parts: missing,
      state,
      ...(reason === undefined ? {} : { reason }),
      tookMs: performance.now() - begun,
    };
  }

  /**
   * Makes a node's clock wrong by so much, in milliseconds, from the next start of its replica on. 0 makes it right again.
   */
  setClockOffset(node: string, offsetMs: number): void {
    this.member(node);
    this.launcher.setClockOffset(node, offsetMs);
  }

  /** Deletes the log and hints of a node that does not run: a lost disk. */
  wipe(node: string): void {
    const member = this.member(node);
    if (this.shared !== undefined) throw usage('with a single broker a node has no store of its own to wipe');
    if (member.isRunning(Part.Log)) throw usage(`the log broker of ${node} runs: kill ${node} first`);
    rmSync(this.layout.node(node).store, { recursive: true, force: true });
  }

  /** What runs, by node. */
  report(): EmulatorReport {
    return {
      pid: process.pid,
      cluster: this.plan.cluster,
      broker: this.plan.broker,
      sync: this.plan.sync,
      urls: this.urls,
      nodes: Object.fromEntries(
        [...this.members].map(([name, member]) => [
          name,
          {
            bus: this.shared?.view(Part.Log) ?? member.view(Part.Bus),
            log: this.shared?.view(Part.Log) ?? member.view(Part.Log),
            replica: member.view(Part.Replica),
            logUrl: logUrl(this.plan, name),
            ...(member.report === undefined ? {} : { report: member.report }),
          },
        ]),
      ),
    };
  }

  /** Stops every process: replicas first, then brokers. Data stays. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async startAll(isNewCluster: boolean): Promise<void> {
    const { onProgress, signal } = this.options;
    process.once('exit', this.atExit);
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    signal?.throwIfAborted();
    this.record();
    const nodes = [...this.members.values()];
    const count = `${nodes.length} node${nodes.length === 1 ? '' : 's'}`;
    onProgress?.(
      this.shared === undefined ? `Starting the brokers of ${count}...` : 'Starting the broker...',
    );
    await this.shared?.startBrokers();
    await allOf(nodes.map(node => node.startBrokers()));
    onProgress?.(`Starting the replicas of ${count}...`);
    await allOf(nodes.map(node => node.startReplica(isNewCluster)));
    await this.othersSee(this.nodes, view => view?.writable === true, returnNoticeMs);
    signal?.throwIfAborted();
    this.control = await ControlServer.listen(this.layout.controlSocket, this.handler());
    this.record();
  }

  private processesOf(name: string, own: readonly Part[]): NodeProcesses {
    return new NodeProcesses(name, own, this.launcher, {
      onChange: () => this.recordAnyway(),
      onDeath: (part, why) => this.options.onDeath?.(name, part, why),
    });
  }

  private handler(): ControlHandler {
    return {
      status: async () => this.report(),
      kill: ({ node, parts: some }) => this.kill(node, some),
      pause: ({ node, parts: some }) => this.pause(node, some),
      resume: ({ node }) => this.resume(node),
      restart: ({ node }) => this.restart(node),
      down: () => this.stop(),
    };
  }

  private async stopAll(): Promise<void> {
    this.control?.close();
    const nodes = [...this.members.values()];
    await Promise.all(nodes.map(node => node.stopReplica()));
    await Promise.all([this.shared?.stopBrokers(), ...nodes.map(node => node.stopBrokers())]);
    process.off('exit', this.atExit);
    this.recordAnyway();
    this.lock.release();
    this.resolveStopped();
  }

  private killNow(): void {
    this.shared?.killNow();
    for (const member of this.members.values()) member.killNow();
  }

  private member(node: string): NodeProcesses {
    const member = this.members.get(node);
    if (member === undefined) throw usage(`there is no node ${node}: the nodes are ${this.nodes.join(', ')}`);
    return member;
  }

  /** The node, to do something with. */
  private live(node: string): NodeProcesses {
    const member = this.member(node);
    if (this.stopping !== undefined)
      throw new EmulatorError(EmulatorFault.NotRunning, 'the emulator has stopped');
    return member;
  }

  private partsOf(member: NodeProcesses, some: readonly Part[] | undefined): readonly Part[] {
    if (some === undefined) return member.own;
    const foreign = some.find(part => !member.own.includes(part));
    if (foreign !== undefined)
      throw usage(
        `with a single broker a node has only a replica of its own: there is no ${foreign} to act on`,
      );
    return some;
  }

  private async notice(
    member: NodeProcesses,
    some: readonly Part[],
    begun: number,
    limitMs: number,
  ): Promise<Omit<Ended, 'parts'>> {
    const cutOff = some.some(part => part !== Part.Bus);
    const observers = cutOff ? this.observersOf([member.name]).length : 0;
    const noticed =
      observers === 0 || (await this.othersSee([member.name], view => view?.writable !== true, limitMs));
    return { observers, noticed, tookMs: performance.now() - begun };
  }

  /** The nodes that can be asked about the targets: a lone target is not asked about itself. */
  private observersOf(targets: readonly string[]): NodeProcesses[] {
    if (this.shared?.whole === false) return [];
    return [...this.members.values()].filter(
      ({ whole, name }) => whole && !(targets.length === 1 && targets[0] === name),
    );
  }

  /** Whether every observer sees the targets so within the limit. */
  private othersSee(
    targets: readonly string[],
    noticed: (view: PeerView | undefined) => boolean,
    limitMs: number,
  ): Promise<boolean> {
    const observers = this.observersOf(targets);
    const servers =
      this.shared === undefined ? observers.map(({ name }) => this.busUrl(name)) : [...this.urls];
    return untilNoticed(
      { ...this.connectionAs(Role.Inspector), servers },
      { observers: observers.map(({ name }) => name), targets, noticed, limitMs },
    );
  }

  private busUrl(node: string): string {
    return this.urls[this.nodes.indexOf(node)] ?? '';
  }

  /** Writes emulator.json: on every start and end of a process, so that a killed supervisor's children are known. */
  private record(): void {
    const running = this.stopping === undefined || this.processes().length > 0;
    writeState(
      this.layout.stateFile,
      stateOf({
        ...this.plan,
        pid: running ? process.pid : null,
        urls: this.urls,
        logs: Object.fromEntries(this.nodes.map(node => [node, logUrl(this.plan, node)])),
        processes: Object.fromEntries(this.processes()),
      }),
    );
  }

  /** A full disk must not end the emulator: a stale file only means that a later start finds fewer left-overs. */
  private recordAnyway(): void {
    try {
      this.record();
    } catch (error) {
      this.options.onProgress?.(messageOf(error));
    }
  }

  private processes(): [string, RecordedProcess][] {
    const all = [...this.members.values(), ...(this.shared === undefined ? [] : [this.shared])];
    return all.flatMap(member =>
      member
        .pids()
        .map(([part, pid]): [string, RecordedProcess] => [
          `${member.name}/${part}`,
          { pid, config: this.launcher.configOf(member.name, part) },
        ]),
    );
  }
}

function takeLock(layout: Layout): DataDirLock {
  let lock: ReturnType<typeof DataDirLock.acquire>;
  try {
    lock = DataDirLock.acquire(layout.dataDir);
  } catch (error) {
    throw failed(`cannot use the data directory ${layout.dataDir}: ${messageOf(error)}`, error);
  }
  if (lock instanceof DataDirLock) return lock;
  const who = lock.ownedBy === 0 ? 'starting right now' : `already running, pid ${lock.ownedBy}`;
  throw usage(`an emulator on ${layout.dataDir} is ${who}: see dynats status, stop it with dynats down`);
}

async function endWhatIsLeft(made: EmulatorState | undefined, options: EmulatorOptions): Promise<void> {
  const ended = await endLeftovers(Object.values(made?.processes ?? {}));
  if (ended > 0) options.onProgress?.(`Ended ${ended} processes left by an emulator that was killed.`);
}
