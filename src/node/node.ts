// A node on NATS: connects to its log broker and runs the node's core on it.
import { ClosedError, DynatsError, ErrorCode, InvalidRequestError } from '../errors.js';
import { NatsBus } from '../nats/bus.js';
import { openConnection } from '../nats/connection.js';
import { HINT_BYTES_MAX, NatsHintStream } from '../nats/hint-stream.js';
import { withoutSecrets } from '../nats/settings.js';
import { hasCredentials, shortcutsOverNats } from '../nats/shortcuts.js';
import { NatsReplicaLog, type StreamOptions } from '../nats/streams.js';
import { BusError, type Logger, type Tracer } from '../ports.js';
import { systemClock, systemRandom } from '../system.js';
import { loadTracer } from '../telemetry/tracer.js';
import type { BrokerAddress, HintSettings, NodeConfig } from '../wire/generated/types.js';
import { encodeJson } from '../wire/json.js';
import { nodeInboxPrefixOf, subjects } from '../wire/subjects.js';
import { NodeCore } from './core.js';
import type { NodeState } from './core-options.js';
import { natsOptions } from './credentials.js';
import type { MetricsServer } from './metrics/metrics-server.js';

export type { NodeState } from './core-options.js';

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
export type RunnableConfig = NodeConfig & {
  log: { url: string; domain?: string | null; publicUrl?: string };
};

const CONNECT_TIMEOUT_MS = 10_000;
const FENCE_TIMEOUT_MS = 500;
const METRICS_LISTEN_DEFAULT = '127.0.0.1';

/**
 * Starts a node; resolves when it takes requests. Reads follow when its log is in memory (`onState`).
 *
 * @throws ClosedError its log broker cannot be reached; InvalidRequestError the configuration is not sound;
 * UnavailableError the node is running already.
 */
export async function startNode(config: RunnableConfig, options: NodeOptions): Promise<RunningNode> {
  checkCluster(config);
  const inboxPrefix = nodeInboxPrefixOf(config.node);
  const nats = { ...natsOptions(config.credentials), inboxPrefix };
  const connection = await openConnection({
    servers: [config.log.url],
    name: `dynats ${config.node}`,
    timeoutMs: CONNECT_TIMEOUT_MS,
    isPatient: true,
    nats: { ignoreClusterUpdates: true, ...nats },
  });
  const isOpen = !hasCredentials([config.log.url], nats);
  const shortcuts =
    (config.shortcuts ?? isOpen) ? shortcutsOverNats(`dynats ${config.node}`, nats) : undefined;
  const bus = new NatsBus(connection, inboxPrefix, shortcuts);
  const node = new NatsNode(config, bus, options, await loadTracer());
  try {
    // It may turn out while it starts that another process has its name, or the broker may go away for good.
    const stopped = node.closed.then(error => {
      throw error ?? new ClosedError(`node ${config.node} was stopped while it started`);
    });
    await Promise.race([node.start(), stopped]);
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}

class NatsNode implements RunningNode {
  readonly closed: Promise<Error | undefined>;
  private settleClosed: (error: Error | undefined) => void = () => {};
  private readonly hints: NatsHintStream;
  private readonly core: NodeCore;
  private metrics: MetricsServer | undefined;
  private reconnects = 0;
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly config: RunnableConfig,
    private readonly bus: NatsBus,
    options: NodeOptions,
    tracer: Tracer | undefined,
  ) {
    this.closed = new Promise(settle => {
      this.settleClosed = settle;
    });
    const { node, cluster, heartbeatMs, maxClockSkewMs, compaction, antiEntropy, clockOffsetMs = 0 } = config;
    const clock = { ...systemClock, now: () => systemClock.now() + clockOffsetMs };
    this.hints = new NatsHintStream(this.streamOptions(node));
    this.core = new NodeCore({
      node,
      cluster,
      incarnation: clock.now(),
      bus,
      log: new NatsReplicaLog({
        ...this.streamOptions(node),
        onPutBack: (settings, error) =>
          error === undefined
            ? options.logger.warn({ settings }, 'the log stream had been edited: put its settings back')
            : options.logger.error({ settings, error }, 'the log stream was edited, and takes no settings'),
      }),
      hints: this.hints,
      hintsOf: holder => new NatsHintStream(this.streamOptions(holder)),
      clock,
      random: systemRandom,
      logger: options.logger,
      tracer,
      broker: () => ({
        name: bus.connection.info?.server_name ?? '',
        version: bus.connection.info?.version ?? '',
        url: withoutSecrets(config.log.url),
      }),
      brokerAddress: () => this.brokerAddress,
      isNewCluster: options.isNewCluster === true,
      heartbeatMs,
      maxClockSkewMs,
      hintSettings: hintSettingsOf(config),
      compaction,
      antiEntropy,
      onState: state => options.onState?.(state),
      onTwin: () => {
        this.settleClosed(twin(node, 'and started earlier'));
        this.stop().catch(error => options.logger.error({ error }, 'could not stop cleanly'));
      },
    });
  }

  async start(): Promise<void> {
    const { node } = this.config;
    // Its own log broker is where its connection goes already.
    this.core.coordinator.liveness.onPresence(presence => {
      if (presence.node !== node) this.bus.heardBroker(presence.node, presence.broker);
    });
    await this.refuseTwin();
    await this.hints.ensure(this.config.hints?.maxBytes ?? HINT_BYTES_MAX);
    this.bus.onDisconnect(() => this.core.lostBroker());
    this.bus.onReconnect(() => {
      this.reconnects++;
      this.core.reopen();
    });
    // Before the core: how far it has read its log is worth seeing.
    const metrics = await this.serveMetrics();
    this.metrics = metrics;
    // Stopped meanwhile, by a twin that was here first.
    if (this.stopping !== undefined) metrics?.close();
    else await this.core.start();
    void this.bus.connection
      .closed()
      .then(error => this.settleClosed(error instanceof Error ? error : undefined));
  }

  stop(): Promise<void> {
    this.stopping ??= (async () => {
      try {
        await this.core.stop();
      } finally {
        this.metrics?.close();
        await this.bus.close();
        this.settleClosed(undefined);
      }
    })();
    return this.stopping;
  }

  private async serveMetrics(): Promise<MetricsServer | undefined> {
    const { metrics } = this.config;
    if (metrics === undefined) return undefined;
    const { MetricsServer } = await import('./metrics/metrics-server.js');
    return MetricsServer.listen({
      ...this.core.inspection,
      services: this.core.services,
      port: metrics.port,
      listen: metrics.listen ?? METRICS_LISTEN_DEFAULT,
      isConnected: () => this.bus.isOpen,
      reconnects: () => this.reconnects,
    });
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

  /** What the server is called now: another one may listen there after a restart. */
  private get brokerAddress(): BrokerAddress | undefined {
    const url = this.config.log.publicUrl;
    const server = this.bus.connection.info?.server_id;
    return url === undefined || server === undefined ? undefined : { url, server };
  }

  private streamOptions(node: string): StreamOptions {
    const { domain } = this.config.log;
    // The others' domains follow the same rule: their names, or none at all.
    const its = node === this.config.node && domain !== undefined ? domain : domain === null ? null : node;
    const inboxPrefix = nodeInboxPrefixOf(this.config.node);
    return { connection: this.bus.connection, node, domain: its, inboxPrefix };
  }
}

function hintSettingsOf({ hints = {} }: NodeConfig): Partial<HintSettings> {
  const { maxAgeMs, targetBytesMax, bytesPerSecond } = hints;
  return {
    ...(maxAgeMs === undefined ? {} : { windowMs: maxAgeMs }),
    ...(targetBytesMax === undefined ? {} : { targetBytesMax }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  };
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
  const { zones } = cluster;
  if (zones === undefined) return;
  const unplaced = cluster.nodes.filter(name => zones[name] === undefined);
  const unknown = Object.keys(zones).filter(name => !cluster.nodes.includes(name));
  if (unplaced.length > 0 || unknown.length > 0)
    throw new InvalidRequestError(
      'cluster.zones',
      unplaced.length > 0
        ? `every node needs a zone, or none has one: ${unplaced.join(', ')} has none`
        : `${unknown.join(', ')} has a zone and is no node of the cluster`,
    );
}
