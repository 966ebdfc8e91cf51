// Starts the processes of an emulator as its plan has them.
import type { NodeConfig } from '../wire/generated/types.js';
import { type BrokerSecurity, busServerConfig, logBrokerConfig } from './broker-config.js';
import { type BrokerSpec, brokerListens, startBroker } from './broker-process.js';
import type { Child } from './child.js';
import { type Layout, sharedBrokerName } from './layout.js';
import { BrokerMode, defaults, type EmulatorOptions, type Links } from './options.js';
import { openUsers, type Websockets } from './page-access.js';
import type { Part } from './part.js';
import { logUrl, metricsPortOf, type Plan, portsOf, urlOf } from './plan.js';
import type { ReplicaReport } from './replica-message.js';
import { ReplicaProcess } from './replica-process.js';
import { type Secrets, tlsFilesOf } from './secrets/secrets.js';
import {
  busAccounts,
  busKeys,
  leafSeed,
  logBrokerKeys,
  logBrokerUsers,
  singleBrokerUsers,
  userOfEachRole,
} from './secrets/users-config.js';

export interface LauncherOptions {
  plan: Plan;
  layout: Layout;
  /** Path of nats-server. */
  binary: string;
  settings: Pick<EmulatorOptions, 'replica' | 'maxPayload' | 'hosts'>;
  links?: Links | undefined;
  /** Of a secured emulator. */
  secrets: Secrets | undefined;
  websockets: Websockets | undefined;
  onReport: (node: string, report: ReplicaReport) => void;
}

/** A broker that was started and may not listen yet. */
export interface StartedBroker {
  child: Child;
  /** Rejects with an EmulatorError when it ends before it listens. */
  listens(): Promise<void>;
}

export class Launcher {
  private readonly clockOffsets = new Map<string, number>();

  constructor(private readonly options: LauncherOptions) {}

  bus(node: string): StartedBroker {
    const { plan, layout, binary, links, settings, websockets } = this.options;
    const files = layout.node(node);
    const ports = portsOf(plan, node);
    const routeTo = (other: string) => links?.route(node, other) ?? portsOf(plan, other).route;
    const config = busServerConfig({
      name: `bus-${node}`,
      listen: plan.hosts?.[node] ?? plan.listen ?? defaults.listen,
      peerListen: plan.hosts?.[node],
      port: ports.bus,
      routePort: ports.route,
      leafPort: ports.leaf,
      routes: othersOf(plan, node).map(other => `nats://${peerHost(plan, other)}:${routeTo(other)}`),
      isLinked: links !== undefined,
      maxPayload: settings.maxPayload,
      portsDir: files.dir,
      ...this.security(node, secrets => [
        ...busKeys(secrets),
        ...busAccounts(plan.cluster.nodes, userOfEachRole, { hasWebsocket: websockets !== undefined }),
      ]),
      ...(websockets === undefined
        ? {}
        : {
            websocket: {
              port: ports.websocket,
              origins: websockets.origins,
              users: openUsers(websockets),
            },
          }),
    });
    return start({
      title: `the bus server of ${node}`,
      binary,
      dir: files.dir,
      configFile: files.busConfig,
      within: settings.hosts?.within(node),
      config,
      logFile: files.busLog,
    });
  }

  /** A node's log broker; of `sharedBrokerName` the one server of `--broker single`. */
  log(node: string): StartedBroker {
    if (node === sharedBrokerName) return this.single();
    const { plan, layout, binary, links, settings, secrets } = this.options;
    const leafOf = (other: string) =>
      (other === node ? undefined : links?.leaf(node, other)) ?? portsOf(plan, other).leaf;
    const tls = secrets === undefined ? undefined : tlsFilesOf(secrets, node);
    const files = layout.node(node);
    const config = logBrokerConfig({
      name: `log-${node}`,
      listen: plan.hosts?.[node] ?? plan.listen ?? defaults.listen,
      port: portsOf(plan, node).log,
      store: files.store,
      domain: node,
      sync: plan.sync,
      maxPayload: settings.maxPayload,
      portsDir: files.dir,
      // Its own node's server first, then the others in ring order.
      bus: [node, ...othersOf(plan, node)].map(each => `nats-leaf://${peerHost(plan, each)}:${leafOf(each)}`),
      ...this.security(node, secrets => [
        ...logBrokerKeys(node, secrets),
        ...logBrokerUsers(node, plan.cluster.nodes, userOfEachRole),
      ]),
      ...(tls === undefined
        ? {}
        : { credentials: { nkeySeed: leafSeed, tlsCa: tls.ca, tlsCert: tls.cert, tlsKey: tls.key } }),
    });
    return start({
      title: `the log broker of ${node}`,
      binary,
      dir: files.dir,
      configFile: files.logConfig,
      within: settings.hosts?.within(node),
      config,
      logFile: files.logLog,
    });
  }

  private single(): StartedBroker {
    const { plan, layout, binary, settings } = this.options;
    const files = layout.node(sharedBrokerName);
    const config = logBrokerConfig({
      name: 'single',
      listen: plan.listen ?? defaults.listen,
      port: plan.port,
      store: files.store,
      domain: null,
      sync: plan.sync,
      maxPayload: settings.maxPayload,
      portsDir: files.dir,
      bus: [],
      ...this.security(sharedBrokerName, secrets => [
        ...busKeys(secrets),
        ...singleBrokerUsers(plan.cluster.nodes, userOfEachRole),
      ]),
    });
    return start({
      title: 'the single broker',
      binary,
      dir: files.dir,
      configFile: files.logConfig,
      config,
      logFile: files.logLog,
    });
  }

  /** How wrong a node's clock is from its replica's next start on, in milliseconds. */
  setClockOffset(node: string, offsetMs: number): void {
    this.clockOffsets.set(node, offsetMs);
  }

  /** @param isNewCluster no node of the cluster has run before. */
  replica(node: string, isNewCluster: boolean): ReplicaProcess {
    const { plan, layout, settings, links, secrets, onReport } = this.options;
    const seedFile = secrets?.nodes.find(({ name }) => name === node)?.seedFile;
    const files = layout.node(node);
    const publicUrl = links === undefined ? logUrl(plan, node) : urlOf(links.log(node));
    const metricsPort = metricsPortOf(plan, node);
    const clockOffsetMs = this.clockOffsets.get(node) ?? 0;
    const config: NodeConfig = {
      node,
      cluster: plan.cluster,
      log:
        plan.broker === BrokerMode.Single
          ? { url: logUrl(plan, node), domain: null }
          : { url: logUrl(plan, node), domain: node, publicUrl },
      // The servers that heartbeats name must show a certificate of this cluster's own authority.
      ...(secrets === undefined || seedFile === undefined
        ? {}
        : { credentials: { nkey: seedFile, tlsCa: secrets.ca }, shortcuts: true }),
      ...settings.replica,
      ...(metricsPort === undefined ? {} : { metrics: { port: metricsPort } }),
      ...(clockOffsetMs === 0 ? {} : { clockOffsetMs }),
    };
    return ReplicaProcess.start({
      config,
      configFile: files.replicaConfig,
      logFile: files.replicaLog,
      within: settings.hosts?.within(node),
      isNewCluster,
      onReport: report => onReport(node, report),
    });
  }

  /** @param server the node whose server it is, or `sharedBrokerName`. */
  private security(
    server: string,
    users: (secrets: Secrets) => readonly string[],
  ): { security?: BrokerSecurity } {
    const { secrets } = this.options;
    return secrets === undefined
      ? {}
      : { security: { users: users(secrets), tls: tlsFilesOf(secrets, server) } };
  }

  /** The file that the command line of a part names. */
  configOf(node: string, part: Part): string {
    const files = this.options.layout.node(node);
    return { bus: files.busConfig, log: files.logConfig, replica: files.replicaConfig }[part];
  }
}

function start(spec: BrokerSpec): StartedBroker {
  const child = startBroker(spec);
  return { child, listens: () => brokerListens(child, spec) };
}

/** The address at which the other servers find a node's. */
function peerHost({ hosts }: Plan, node: string): string {
  return hosts?.[node] ?? '127.0.0.1';
}

/** The other nodes, in ring order from this one on. */
function othersOf({ cluster: { nodes } }: Plan, node: string): string[] {
  const at = nodes.indexOf(node);
  return [...nodes.slice(at + 1), ...nodes.slice(0, at)];
}
