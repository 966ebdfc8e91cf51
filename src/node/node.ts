// One node: connects to its log broker, and joins the replica, the coordinator, handoff and compaction behind the node's
// subjects.

import { ACK_TIMEOUT_MS } from '../coordinator/coordination.js';
import { Coordinator } from '../coordinator/coordinator.js';
import { EntryLane } from '../coordinator/entry-lanes.js';
import { LIVENESS_DEFAULTS } from '../coordinator/liveness.js';
import { DynatsError, ErrorCode, InvalidRequestError } from '../errors.js';
import { NatsBus } from '../nats/bus.js';
import { openConnection, withoutSecrets } from '../nats/connection.js';
import { Service } from '../nats/service.js';
import { HINT_DEFAULTS, NatsHintStream, NatsReplicaLog, type StreamOptions } from '../nats/streams.js';
import { BusError, type Logger, type Subscription } from '../ports.js';
import { COMPACTION_DEFAULTS, Compaction } from '../replica/compaction.js';
import { Handoff } from '../replica/handoff.js';
import { Replica } from '../replica/replica.js';
import { serveReplica } from '../replica/service.js';
import { systemClock, systemRandom } from '../system.js';
import { VERSION } from '../version.js';
import type { ClusterReply, NodeConfig, ReplicaState } from '../wire/generated/types.js';
import { encodeJson } from '../wire/json.js';
import { COORDINATORS, streams, subjects } from '../wire/subjects.js';
import { apiOf } from './api.js';
import { natsOptions } from './credentials.js';
import { Heartbeat } from './heartbeat.js';
import { type InspectionOptions, recordsOf, statusOf } from './inspection.js';

export interface NodeState {
  readonly state: ReplicaState;
  /** While catching up: entries read, and all there are to read. */
  readonly applied?: number;
  readonly total?: number;
  /** Why it is recovering. */
  readonly reason?: string;
}

export interface NodeOptions {
  readonly logger: Logger;
  readonly onState?: (state: NodeState) => void;
  /** The cluster is being made now: a missing log is a new one unless a peer remembers it. */
  readonly isNewCluster?: boolean;
}

export interface RunningNode {
  /** Finishes what is under way, says goodbye and closes the connection. */
  stop(): Promise<void>;
  /** Settles when the node has stopped: with the error that stopped it, or undefined. */
  readonly closed: Promise<Error | undefined>;
}

/** Configuration of a node whose log broker runs already. */
export type RunnableConfig = NodeConfig & { log: { url: string; domain?: string | null } };

const CONNECT_TIMEOUT_MS = 10_000;
const FENCE_TIMEOUT_MS = 500;
const NOTE_PERIOD_MS = 1000;
const PROGRESS_PERIOD_MS = 500;
const STOP_PATIENCE_MS = 2000;
const REOPEN_PERIOD_MS = 500;
/** A peer that is there has been heard after this many of its heartbeats. */
const PEERS_PATIENCE_HEARTBEATS = 1.5;
const HEAR_PEERS_POLL_MS = 10;

/**
 * Starts a node; resolves when it takes writes. Reads follow when its log is in memory (`onState`).
 *
 * @throws ClosedError its log broker cannot be reached; InvalidRequestError the configuration is not sound, or the node is
 * running already.
 */
export async function startNode(config: RunnableConfig, options: NodeOptions): Promise<RunningNode> {
  checkCluster(config);
  const connection = await openConnection({
    servers: [config.log.url],
    name: `dynats ${config.node}`,
    timeoutMs: CONNECT_TIMEOUT_MS,
    isPatient: true,
    nats: { ignoreClusterUpdates: true, ...natsOptions(config.credentials) },
  });
  const node = new DynatsNode(config, new NatsBus(connection), options);
  try {
    await node.start();
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}

class DynatsNode implements RunningNode {
  readonly closed: Promise<Error | undefined>;
  private settleClosed: (error: Error | undefined) => void = () => {};
  private readonly incarnation = Date.now();
  private readonly log: NatsReplicaLog;
  private readonly hints: NatsHintStream;
  private readonly replica: Replica;
  private readonly coordinator: Coordinator;
  private readonly heartbeat: Heartbeat;
  private readonly handoff: Handoff;
  private readonly compaction: Compaction;
  private readonly services: Service[];
  private readonly refused = new Map<string, number>();
  private subscriptions: Subscription[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  private opening: Promise<void> | undefined;
  private isAnnounced = false;
  private takesRequests = false;
  private isStopping = false;

  constructor(
    private readonly config: RunnableConfig,
    private readonly bus: NatsBus,
    private readonly options: NodeOptions,
  ) {
    this.closed = new Promise(settle => (this.settleClosed = settle));
    const { node, cluster } = config;
    const { logger } = options;
    const clock = systemClock;
    const random = systemRandom;
    this.log = new NatsReplicaLog(this.streamOptions(node));
    this.hints = new NatsHintStream(this.streamOptions(node));
    this.replica = new Replica({
      node,
      peers: cluster.nodes.filter(other => other !== node),
      bus,
      log: this.log,
      clock,
      random,
      logger,
      isNewCluster: options.isNewCluster === true,
      onTime: time => this.coordinator.hlc.observe(time),
      onState: () => this.stateChanged(),
    });
    const heartbeatMs = config.heartbeatMs ?? LIVENESS_DEFAULTS.heartbeatMs;
    this.coordinator = new Coordinator({
      bus,
      clock,
      random,
      cluster,
      name: node,
      ...(config.maxClockSkewMs === undefined ? {} : { maxClockSkewMs: config.maxClockSkewMs }),
      liveness: { ...LIVENESS_DEFAULTS, heartbeatMs },
      local: { node, read: (bucket, key) => this.replica.read(bucket, key) },
      onAcked: (peer, sequence, crc32) =>
        this.replica.remembered.acked(
          peer,
          this.coordinator.liveness.presenceOf(peer)?.position?.log,
          sequence,
          crc32,
        ),
    });
    const { liveness, hlc } = this.coordinator;
    liveness.onPresence(presence => {
      if (presence.node === node && presence.incarnation < this.incarnation) this.giveWay();
      else this.replica.heard(presence);
    });
    this.heartbeat = new Heartbeat({
      node,
      incarnation: this.incarnation,
      bus,
      clock,
      hlc,
      replica: this.replica,
      liveness,
      heartbeatMs,
    });
    this.handoff = new Handoff({
      node,
      nodes: cluster.nodes,
      bus,
      clock,
      liveness,
      logger,
      hintsOf: holder => (holder === node ? this.hints : new NatsHintStream(this.streamOptions(holder))),
    });
    this.compaction = new Compaction({
      replica: this.replica,
      log: this.log,
      lane: new EntryLane({
        bus,
        subject: subjects.log(node),
        stream: streams.log(node),
        ackTimeoutMs: ACK_TIMEOUT_MS,
        onOutcome: () => {},
      }),
      clock,
      logger,
      settings: { ...COMPACTION_DEFAULTS, ...config.compaction },
    });
    this.services = this.makeServices();
  }

  async start(): Promise<void> {
    const { node, heartbeatMs = LIVENESS_DEFAULTS.heartbeatMs } = this.config;
    await this.refuseTwin();
    this.coordinator.start();
    // Peers that start at the same time ask each other what they remember: answer before opening the log.
    this.subscriptions = serveReplica({
      node,
      incarnation: this.incarnation,
      bus: this.bus,
      replica: this.replica,
      logger: this.options.logger,
      onDropped: reason => this.count(reason),
    });
    this.bus.onReconnect(() => this.reopen());
    await this.hints.ensure({ ...HINT_DEFAULTS, ...this.config.hints });
    await this.replica.open();
    this.heartbeat.start();
    this.isAnnounced = true;
    await this.hearPeers(heartbeatMs * PEERS_PATIENCE_HEARTBEATS);
    for (const service of this.services) service.start();
    this.takesRequests = true;
    this.stateChanged();
    this.handoff.start();
    this.compaction.start();
    this.every(NOTE_PERIOD_MS, () => {
      this.replica
        .noteChanges()
        .catch(error => this.options.logger.debug({ error }, 'could not write a note'));
    });
    this.every(PROGRESS_PERIOD_MS, () => {
      if (this.replica.progress !== undefined) this.stateChanged();
    });
    void this.bus.connection
      .closed()
      .then(error => this.settleClosed(error instanceof Error ? error : undefined));
  }

  async stop(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    for (const timer of this.timers) clearInterval(timer);
    this.handoff.close();
    this.compaction.close();
    this.heartbeat.stop();
    const answered = Promise.all(this.services.map(service => service.stop()));
    await Promise.race([answered, new Promise(done => setTimeout(done, STOP_PATIENCE_MS).unref())]);
    await this.coordinator.close(STOP_PATIENCE_MS);
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.replica.close();
    await this.bus.connection.close();
    this.settleClosed(undefined);
  }

  /** A coordinator that has heard nobody yet would refuse what its peers could do: waits for their heartbeats. */
  private async hearPeers(patienceMs: number): Promise<void> {
    const { liveness } = this.coordinator;
    const until = performance.now() + patienceMs;
    const isAlone = () => this.config.cluster.nodes.some(node => !liveness.isWritable(node));
    while (isAlone() && performance.now() < until)
      await new Promise(done => setTimeout(done, HEAR_PEERS_POLL_MS));
  }

  /** A node id belongs to one process: two would both answer, each from its own memory. */
  private async refuseTwin(): Promise<void> {
    const { node } = this.config;
    try {
      await this.bus.request(subjects.node(node, 'status'), encodeJson({}), FENCE_TIMEOUT_MS);
    } catch (error) {
      if (error instanceof BusError && error.kind === 'no-responders') return;
      if (error instanceof BusError && error.kind === 'timeout')
        throw twin(node, 'though it does not answer');
      throw error;
    }
    throw twin(node, 'and answers');
  }

  /** Another process has this node's name and started earlier. */
  private giveWay(): void {
    if (this.isStopping) return;
    const error = twin(this.config.node, 'and started earlier');
    this.options.logger.error({ error }, error.message);
    this.settleClosed(error);
    void this.stop();
  }

  /** The log's broker is back: it may have lost what it held. */
  private reopen(): void {
    this.opening ??= this.replica
      .open()
      .then(() => this.heartbeat.announce())
      .catch(error => {
        this.options.logger.warn({ error }, 'could not open the log; trying again');
        setTimeout(() => this.reopen(), REOPEN_PERIOD_MS).unref();
      })
      .finally(() => {
        this.opening = undefined;
      });
  }

  private stateChanged(): void {
    const { state, reason, progress } = this.replica;
    if (this.takesRequests || state === 'catching-up')
      this.options.onState?.({
        state,
        ...(progress === undefined ? {} : progress),
        ...(reason === null ? {} : { reason }),
      });
    if (this.isAnnounced && !this.isStopping) this.heartbeat.announce();
  }

  private makeServices(): Service[] {
    const { node, cluster } = this.config;
    const { bus } = this;
    const api = apiOf(this.coordinator, systemClock, this.options.logger);
    const inspection: InspectionOptions = {
      node,
      nodes: cluster.nodes,
      incarnation: this.incarnation,
      broker: () => this.broker(),
      log: this.log,
      replica: this.replica,
      coordinator: this.coordinator,
      handoff: this.handoff,
      compaction: this.compaction,
      refused: this.refused,
      maxPayload: () => bus.maxPayload,
    };
    const describe = async (): Promise<ClusterReply> => ({
      node,
      cluster,
      peers: this.coordinator.liveness.alive(),
    });
    const verbs = ['put', 'get', 'delete', 'batch'] as const;
    const common = {
      bus,
      id: `${node}-${this.incarnation}`,
      version: VERSION,
      metadata: { node, cluster: cluster.name },
      logger: this.options.logger,
      onDropped: (reason: string) => this.count(reason),
    };
    return [
      new Service({
        ...common,
        name: 'dynats',
        description: 'Dynats coordinators: put, get and delete keys through any node',
        endpoints: [
          ...verbs.map(verb => ({
            name: verb,
            subject: subjects.api(verb),
            queue: COORDINATORS,
            handle: api[verb],
          })),
          { name: 'cluster', subject: subjects.api('cluster'), queue: COORDINATORS, handle: describe },
        ],
      }),
      new Service({
        ...common,
        name: `dynats-${node}`,
        description: `Dynats node ${node}: coordinate through it, look into it`,
        endpoints: [
          ...verbs.map(verb => ({ name: verb, subject: subjects.node(node, verb), handle: api[verb] })),
          { name: 'cluster', subject: subjects.node(node, 'cluster'), handle: describe },
          { name: 'status', subject: subjects.node(node, 'status'), handle: () => statusOf(inspection) },
          {
            name: 'records',
            subject: subjects.node(node, 'records'),
            handle: async data => recordsOf(inspection, data),
          },
        ],
      }),
    ];
  }

  private broker() {
    const { connection } = this.bus;
    return {
      name: connection.info?.server_name ?? '',
      version: connection.info?.version ?? '',
      url: withoutSecrets(this.config.log.url),
    };
  }

  private streamOptions(node: string): StreamOptions {
    const { domain } = this.config.log;
    // The others' domains follow the same rule: their names, or none at all.
    const its =
      node === this.config.node ? (domain === undefined ? node : domain) : domain === null ? null : node;
    return { connection: this.bus.connection, node, domain: its };
  }

  private count(reason: string): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  private every(periodMs: number, task: () => void): void {
    this.timers.push(setInterval(task, periodMs).unref());
  }
}

function twin(node: string, how: string): DynatsError {
  return new DynatsError(
    ErrorCode.Unavailable,
    `node ${node} is running already, ${how}: stop it first, or start this one under another name`,
    'none',
  );
}

function checkCluster({ node, cluster }: RunnableConfig): void {
  if (!cluster.nodes.includes(node))
    throw new InvalidRequestError(
      'node',
      `node ${node} is not among the cluster's nodes (${cluster.nodes.join(', ')})`,
    );
  if (cluster.replicationFactor > cluster.nodes.length)
    throw new InvalidRequestError(
      'cluster.replicationFactor',
      `replication factor ${cluster.replicationFactor} needs as many nodes; there are ${cluster.nodes.length}`,
    );
}
