// A node over ports: the replica, the coordinator, handoff and compaction behind the node's subjects. It runs on NATS
// (node.ts) and, unchanged, in the simulator.
import { ACK_TIMEOUT_MS } from '../coordinator/coordination.js';
import { Coordinator } from '../coordinator/coordinator.js';
import { EntryLane } from '../coordinator/entry-lanes.js';
import { LIVENESS_DEFAULTS } from '../coordinator/liveness.js';
import { compareRecords } from '../model/record.js';
import type { Service } from '../nats/service.js';
import type { Subscription, Timer } from '../ports.js';
import { ANTI_ENTROPY_DEFAULTS, AntiEntropy } from '../replica/anti-entropy.js';
import { serveAntiEntropy } from '../replica/anti-entropy-service.js';
import { COMPACTION_DEFAULTS, Compaction } from '../replica/compaction.js';
import { Handoff } from '../replica/handoff.js';
import { HintControl } from '../replica/hint-control.js';
import { HintLedger } from '../replica/hint-ledger.js';
import { HintLosses } from '../replica/hint-losses.js';
import { Purge } from '../replica/purge.js';
import { Replica } from '../replica/replica.js';
import { serveScans } from '../replica/scan-service.js';
import { serveReplica } from '../replica/service.js';
import type { WireRecord } from '../wire/generated/types.js';
import { PROTOCOL } from '../wire/protocol.js';
import { streams, subjects } from '../wire/subjects.js';
import type { NodeCoreOptions } from './core-options.js';
import { Heartbeat, type HeartbeatOptions } from './heartbeat.js';
import { RequestCounts } from './request-counts.js';
import { type ServicesOptions, servicesOf } from './services.js';

const NOTE_PERIOD_MS = 1000;
const PROGRESS_PERIOD_MS = 500;
const STOP_PATIENCE_MS = 2000;
const REOPEN_PERIOD_MS = 500;
/** A peer that is there has been heard after this many of its heartbeats. */
const PEERS_PATIENCE_HEARTBEATS = 1.5;
const HEAR_PEERS_POLL_MS = 10;

export class NodeCore {
  readonly replica: Replica;
  readonly coordinator: Coordinator;
  readonly handoff: Handoff;
  readonly hintControl: HintControl;
  private readonly hintLosses: HintLosses;
  readonly compaction: Compaction;
  readonly antiEntropy: AntiEntropy;
  private readonly purge: Purge;
  private readonly heartbeat: Heartbeat;
  private readonly heartbeatMs: number;
  /** What looks into this node are made from. */
  readonly inspection: ServicesOptions;
  readonly services: readonly Service[];
  private readonly refused = new Map<string, number>();
  private subscriptions: Subscription[] = [];
  private readonly timers = new Set<Timer>();
  private opening: Promise<void> | undefined;
  private isAnnounced = false;
  private takesRequests = false;
  private isStopping = false;

  constructor(private readonly options: NodeCoreOptions) {
    const { node, cluster, incarnation, bus, log, clock, random, logger } = options;
    this.heartbeatMs = options.heartbeatMs ?? LIVENESS_DEFAULTS.heartbeatMs;
    this.replica = new Replica({
      node,
      peers: cluster.nodes.filter(other => other !== node),
      bus,
      log,
      clock,
      random,
      logger,
      isNewCluster: options.isNewCluster,
      ringOf: bucket => this.coordinator.rings.find(bucket),
      isOver: life => this.coordinator.catalog.isOver(life),
      onRecord: record => this.coordinator.catalog.learn(record),
      onTimes: records => this.coordinator.hlc.observeAll(records),
      onState: () => this.stateChanged(),
    });
    this.coordinator = new Coordinator({
      bus,
      clock,
      random,
      cluster,
      name: node,
      ...(options.maxClockSkewMs === undefined ? {} : { maxClockSkewMs: options.maxClockSkewMs }),
      liveness: { ...LIVENESS_DEFAULTS, heartbeatMs: this.heartbeatMs },
      local: { node, read: (bucket, key) => this.replica.read(bucket, key) },
      onDefinitions: records => this.keep(records),
      onAcked: (peer, sequence, crc32) =>
        this.replica.remembered.acked(
          peer,
          this.coordinator.liveness.presenceOf(peer)?.position?.log,
          sequence,
          crc32,
        ),
    });
    const { liveness, hlc, catalog } = this.coordinator;
    catalog.onChange(life => {
      this.replica.memtable.reshape(life);
      if (this.isAnnounced && !this.isStopping) this.heartbeat.announce();
    });
    liveness.onPresence((presence, isBack) => {
      if (presence.node === node && presence.incarnation < incarnation) options.onTwin();
      else this.replica.heard(presence);
      // It must know what this node remembers of its log before it is asked to read from it.
      if (isBack && presence.node !== node && this.isAnnounced && !this.isStopping) this.heartbeat.announce();
    });
    liveness.onRefusal((peer, protocol) => {
      this.count('protocol');
      logger.error(
        { peer, theirs: protocol, ours: PROTOCOL },
        'a node speaks a protocol that this build does not work with, and counts as dead: upgrade one protocol at a time',
      );
    });
    const { replica, heartbeatMs } = this;
    const ledger = new HintLedger();
    this.hintLosses = new HintLosses({
      liveness,
      clock,
      refused: () => this.coordinator.hints.refused,
      hurry: () => this.antiEntropy.hurry(),
    });
    this.hintControl = new HintControl({
      node,
      nodes: cluster.nodes,
      clock,
      stream: options.hints,
      ledger,
      losses: this.hintLosses,
      configured: options.hintSettings ?? {},
    });
    this.heartbeat = new Heartbeat({
      node,
      incarnation,
      bus,
      clock,
      hlc,
      catalog,
      replica,
      liveness,
      heartbeatMs,
      brokerAddress: options.brokerAddress ?? (() => undefined),
      hints: () => this.hintsToAnnounce(),
    });
    this.handoff = new Handoff({
      node,
      nodes: cluster.nodes,
      bus,
      clock,
      liveness,
      logger,
      hintsOf: holder => (holder === node ? options.hints : options.hintsOf(holder)),
      policy: () => this.hintControl.policy,
      ledger,
      losses: this.hintLosses,
    });
    this.compaction = new Compaction({
      replica,
      log,
      lane: new EntryLane({
        bus,
        subject: subjects.log(node),
        stream: streams.log(node),
        ackTimeoutMs: ACK_TIMEOUT_MS,
        onOutcome: () => {},
      }),
      clock,
      logger,
      settings: { ...COMPACTION_DEFAULTS, ...options.compaction },
    });
    const settings = { ...ANTI_ENTROPY_DEFAULTS, ...options.antiEntropy };
    const rings = () => this.coordinator.rings.all();
    const { nodes } = cluster;
    this.purge = new Purge({
      node,
      nodes,
      liveness,
      replica,
      rings,
      now: () => hlc.current(),
      logger,
      afterMs: settings.purgeAfterMs,
    });
    this.antiEntropy = new AntiEntropy({
      node,
      bus,
      clock,
      random,
      logger,
      liveness,
      replica,
      appender: this.coordinator.appender,
      rings,
      rewriteLog: () => this.compaction.rewrite(),
      purge: this.purge,
      settings,
    });
    this.inspection = this.inspectionOf();
    this.services = servicesOf(this.inspection);
  }

  /** Resolves when the node takes requests; it answers reads once its log is in memory. */
  async start(): Promise<void> {
    const { node, incarnation, bus, clock, logger } = this.options;
    this.coordinator.start();
    // Peers that start at the same time ask each other what they remember: answer before opening the log.
    const service = {
      node,
      incarnation,
      bus,
      clock,
      replica: this.replica,
      logger,
      ringOf: (bucket: string) => this.coordinator.rings.find(bucket),
      settled: () => this.purge.settled(),
      onDropped: (reason: string) => this.count(reason),
    };
    this.subscriptions = [...serveReplica(service), serveScans(service), ...serveAntiEntropy(service)];
    await this.replica.open();
    await this.hintControl.load();
    // Between these steps it may be stopped: a twin was here first. What starts after that would never end.
    if (this.isStopping) return;
    this.heartbeat.start();
    this.isAnnounced = true;
    await this.hearPeers();
    if (this.isStopping) return;
    for (const service of this.services) service.start();
    await bus.settled();
    if (this.isStopping) return;
    this.takesRequests = true;
    this.stateChanged();
    this.handoff.start();
    this.compaction.start();
    this.antiEntropy.start();
    this.every(NOTE_PERIOD_MS, () => {
      this.replica.noteChanges().catch(error => logger.debug({ error }, 'could not write a note'));
    });
    this.every(PROGRESS_PERIOD_MS, () => {
      if (this.replica.progress !== undefined) this.stateChanged();
    });
  }

  /** The connection to the log's broker is lost; `reopen` when it is back. */
  lostBroker(): void {
    this.replica.lostBroker();
  }

  /** The log's broker is back: it may have lost what it held. */
  reopen(): void {
    if (this.isStopping) return;
    this.opening ??= this.replica
      .open()
      .then(() => this.heartbeat.announce())
      .catch(error => {
        this.options.logger.warn({ error }, 'could not open the log; trying again');
        this.after(REOPEN_PERIOD_MS, () => this.reopen());
      })
      .finally(() => {
        this.opening = undefined;
      });
  }

  /** Finishes what is under way and says goodbye. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers) timer.cancel();
    this.handoff.close();
    this.compaction.close();
    this.antiEntropy.close();
    if (this.isAnnounced) this.heartbeat.stop();
    const answered = Promise.all(this.services.map(service => service.stop()));
    const patience = new Promise<void>(done => this.options.clock.after(STOP_PATIENCE_MS, done));
    await Promise.race([answered, patience]);
    await this.coordinator.close(STOP_PATIENCE_MS);
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.replica.close();
  }

  /** A coordinator that has heard nobody yet would refuse what its peers could do: waits for their heartbeats. */
  private async hearPeers(): Promise<void> {
    const { clock, cluster } = this.options;
    const { liveness } = this.coordinator;
    const until = clock.monotonic() + this.heartbeatMs * PEERS_PATIENCE_HEARTBEATS;
    const isMissingSome = () => cluster.nodes.some(node => !liveness.isWritable(node));
    while ((isMissingSome() || this.coordinator.isLearning) && clock.monotonic() < until)
      await new Promise<void>(done => clock.after(HEAR_PEERS_POLL_MS, done));
  }

  /** What a peer told of buckets goes into the log, as anti-entropy would bring it later. */
  private keep(definitions: readonly WireRecord[]): void {
    const { node, logger } = this.options;
    const { memtable } = this.replica;
    const missing = definitions.filter(record => {
      const held = memtable.get(record.bucket, record.key);
      return held === undefined || compareRecords(record, held) > 0;
    });
    this.coordinator.appender
      .appendAll(node, missing)
      .catch(error => logger.debug({ error }, 'could not store what a peer told of buckets'));
  }

  private hintsToAnnounce(): ReturnType<HeartbeatOptions['hints']> {
    const held = this.handoff.heldTotal;
    return {
      ...(held === undefined ? {} : { hints: held }),
      refusesHints: this.hintControl.full(),
      unhinted: this.hintLosses.all(),
    };
  }

  private stateChanged(): void {
    const { state, reason, progress, trouble } = this.replica;
    if (this.takesRequests || state === 'catching-up')
      this.options.onState({
        state,
        ...(progress === undefined ? {} : progress),
        ...(reason === null ? {} : { reason }),
        ...(trouble.reason === null ? {} : { logTrouble: trouble.reason }),
      });
    if (this.isAnnounced && !this.isStopping) this.heartbeat.announce();
    if (state === 'recovering') this.antiEntropy.hurry();
  }

  private inspectionOf(): ServicesOptions {
    const { node, cluster, incarnation, bus, log, clock, logger } = this.options;
    const { replica, coordinator, handoff, hintControl, hintLosses, compaction, antiEntropy, refused } = this;
    return {
      node,
      nodes: cluster.nodes,
      cluster,
      incarnation,
      bus,
      clock,
      logger,
      broker: this.options.broker,
      log,
      hints: this.options.hints,
      replica,
      coordinator,
      handoff,
      hintControl,
      hintLosses,
      compaction,
      antiEntropy,
      purge: this.purge,
      counts: new RequestCounts(clock),
      tracer: this.options.tracer,
      refused,
      maxPayload: () => bus.maxPayload,
      onDropped: reason => this.count(reason),
    };
  }

  private count(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  private every(periodMs: number, task: () => void): void {
    this.after(periodMs, () => {
      task();
      if (!this.isStopping) this.every(periodMs, task);
    });
  }

  private after(delayMs: number, task: () => void): void {
    const timer = this.options.clock.after(delayMs, () => {
      this.timers.delete(timer);
      task();
    });
    this.timers.add(timer);
  }
}
