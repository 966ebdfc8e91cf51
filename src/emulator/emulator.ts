// A cluster of local processes: the brokers and replicas of every node, as children of this process.
import { rmSync } from 'node:fs';
import type { ConnectOptions } from '../client/options.js';
import { Role } from '../wire/permissions.js';
import { ensureBinary } from './binaries/ensure-binary.js';
import { type ControlHandler, ControlServer } from './control-server.js';
import { Cuts, type LinkChoice } from './cuts.js';
import type { DataDirLock } from './data-dir-lock.js';
import { EmulatorError, EmulatorFault, failed, messageOf, usage } from './emulator-error.js';
import { refuseForeignDir } from './foreign-dir.js';
import { Launcher } from './launcher.js';
import { type Layout, layoutOf, type NodeFiles, sharedBrokerName } from './layout.js';
import { allOf, NodeProcesses } from './node-processes.js';
import { Notices } from './notices.js';
import { BrokerMode, type EmulatorOptions, type Links } from './options.js';
import { makeWebsockets, type PageAccess, type Websockets } from './page-access.js';
import { Part, parts } from './part.js';
import { busUrls, logUrl, makePlan, type Plan, portsOf, portUses } from './plan.js';
import { checkPortsFree } from './ports.js';
import type { EmulatorReport, Ended, Linked, Restarted } from './report.js';
import { connectionAs, emulatorSecrets } from './secrets/emulator-secrets.js';
import type { Secrets } from './secrets/secrets.js';
import { type RecordedProcess, readState, stateOf, writeState } from './state-file.js';
import { StuckBrokers } from './stuck-brokers.js';
import { endWhatIsLeft, takeLock } from './take-over.js';

/** How long to wait for the others to notice a killed and a paused node. */
const killNoticeMs = 1000;
const pauseNoticeMs = 5000;
/** Entries of a log that takes a while to read: only of such a one is it said how far the replica is. */
const longLogEntries = 1000;

export class Emulator implements AsyncDisposable {
  /** Resolves when the emulator has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
  private readonly members: ReadonlyMap<string, NodeProcesses>;
  /** With a single broker: that one, as a node that has nothing else. */
  private readonly shared: NodeProcesses | undefined;
  private readonly launcher: Launcher;
  private readonly cuts: Cuts;
  private readonly stuckBrokers: StuckBrokers;
  private readonly notices: Notices;
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
    private readonly websockets: Websockets | undefined,
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
      websockets,
      onReport: (node, { state, applied, total, logTrouble }) => {
        this.stuckBrokers.heard(node, logTrouble);
        if (state === 'catching-up' && total !== undefined && total >= longLogEntries)
          options.onProgress?.(`${node} reads its log: ${applied ?? 0} of ${total} entries`);
      },
    });
    this.cuts = new Cuts(plan.cluster.nodes, links === undefined ? undefined : options.network);
    const single = plan.broker === BrokerMode.Single;
    const own = single ? [Part.Replica] : parts;
    this.members = new Map(plan.cluster.nodes.map(name => [name, this.processesOf(name, own)]));
    this.shared = single ? this.processesOf(sharedBrokerName, [Part.Log]) : undefined;
    this.stuckBrokers = new StuckBrokers({
      storeOf: node => layout.node(single ? sharedBrokerName : node).store,
      restart: node => (this.shared ?? this.member(node)).restartLog(),
      onProgress: options.onProgress,
    });
    this.notices = new Notices({
      members: this.members,
      shared: this.shared,
      urls: this.urls,
      connection: this.connectionAs(Role.Inspector),
    });
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
      const links = await openLinks(options, plan);
      const secrets = await emulatorSecrets(plan, layout);
      const websockets = await makeWebsockets(plan, secrets, options);
      emulator = new Emulator(options, layout, plan, lock, binary.path, links, secrets, websockets);
      await emulator.startAll(made === undefined);
      return emulator;
    } catch (error) {
      if (emulator === undefined) {
        options.network?.close();
        lock.release();
      } else await emulator.stop();
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
    if (killed.length === 0)
      throw usage(`nothing of ${node} runs that could be killed: dynats restart ${node}`);
    return { parts: killed, ...(await this.notices.ofEnd(member, killed, begun, killNoticeMs)) };
  }

  /** Stops a node's processes with SIGSTOP: they hang until `resume`. Resolves as `kill` does, within 5 seconds. */
  async pause(node: string, some?: readonly Part[]): Promise<Ended> {
    const member = this.live(node);
    const begun = performance.now();
    const paused = member.pause(this.partsOf(member, some));
    if (paused.length === 0) throw usage(`nothing of ${node} runs that could be paused`);
    return { parts: paused, ...(await this.notices.ofEnd(member, paused, begun, pauseNoticeMs)) };
  }

  /** Lets the paused processes of a node go on. Resolves when the others see the node as writable, within 5 seconds. */
  async resume(node: string): Promise<Ended> {
    const member = this.live(node);
    const begun = performance.now();
    const resumed = member.resume(parts);
    if (resumed.length === 0) throw usage(`nothing of ${node} is paused`);
    const noticed = !member.whole || (await this.notices.ofReturn([node]));
    return {
      parts: resumed,
      observers: this.notices.observersOf([node]).length,
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
    await this.notices.ofReturn([node]);
    const { state, reason } = member.report ?? { state: 'serving' as const };
    return {
      parts: missing,
      state,
      ...(reason === undefined ? {} : { reason }),
      tookMs: performance.now() - begun,
    };
  }

  /**
   * Cuts a node's links to others: what is sent waits on the way. Resolves when those who hear nothing any more say so,
   * within 10 seconds.
   */
  cut(node: string, choice: LinkChoice = {}): Promise<Linked> {
    this.live(node);
    return this.notices.ofCut(this.cuts.cut(node, choice));
  }

  /** Heals links of `node`, or all. Resolves when both ends see each other again, within 10 seconds. */
  heal(node?: string, others?: readonly string[]): Promise<Linked> {
    return this.notices.ofHeal(this.cuts.heal(node, others));
  }

  /** With what a page may look at the brokers; undefined where it cannot. */
  get pageAccess(): PageAccess | undefined {
    return this.websockets?.access;
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
      ...(this.plan.metricsPort === undefined ? {} : { metricsPort: this.plan.metricsPort }),
      ...(this.cuts.canCut ? { cuts: this.cuts.list() } : {}),
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
    await this.notices.ofReturn(this.nodes);
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
      cut: ({ node, others = [], oneWay = false }) => this.cut(node, { others, isOneWay: oneWay }),
      heal: ({ node, others }) => this.heal(node === '' ? undefined : node, others),
      access: async () => this.pageAccess ?? null,
      down: () => this.stop(),
    };
  }

  private async stopAll(): Promise<void> {
    this.control?.close();
    this.stuckBrokers.close();
    const nodes = [...this.members.values()];
    await Promise.all(nodes.map(node => node.stopReplica()));
    await Promise.all([this.shared?.stopBrokers(), ...nodes.map(node => node.stopBrokers())]);
    this.cuts.close();
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

/** What stands between the nodes, if anything does. */
async function openLinks(options: EmulatorOptions, plan: Plan): Promise<Links | undefined> {
  const ports = { nodes: plan.cluster.nodes, portsOf: (node: string) => portsOf(plan, node) };
  // Who comes over TLS cannot be told from what he says, so not be cut off either.
  const canCut = plan.broker !== BrokerMode.Single && plan.secure !== true;
  return (canCut ? options.network?.open(ports) : undefined) ?? options.links?.(ports);
}
