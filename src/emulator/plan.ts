// What will run where: made from the options and from what the data directory was made with.
import { isIP } from 'node:net';
import type { ClusterDefinition } from '../wire/generated/types.js';
import { usage } from './emulator-error.js';
import {
  BrokerMode,
  defaults,
  type EmulatorOptions,
  nodesMax,
  type Partitioner,
  SyncMode,
} from './options.js';

/** Every address of this machine. */
const everywhere = '0.0.0.0';

/** The ports of one node; with a single broker there are none. */
export interface NodePorts {
  readonly bus: number;
  readonly log: number;
  readonly route: number;
  readonly leaf: number;
  /** Where there are websockets; the ports of a block without them end before these. */
  readonly websocket: number;
}

export interface Plan {
  readonly cluster: ClusterDefinition;
  readonly broker: BrokerMode;
  readonly sync: SyncMode;
  /** First port of the block. */
  readonly port: number;
  /** Address for clients; undefined for the loopback. */
  readonly listen?: string;
  /** Address of each node; undefined when all are at `listen`. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Whether users are known and connections encrypted. */
  readonly secure?: boolean;
  /** First port of those for metrics; undefined where none are served. */
  readonly metricsPort?: number;
}

/** A port and what it is for. */
export interface PortUse {
  readonly port: number;
  readonly use: string;
}

/** @throws EmulatorError when the options are not valid, or contradict what the directory was made with. */
export function makePlan(options: EmulatorOptions, made: Plan | undefined): Plan {
  if (made !== undefined) refuseContradictions(options, made);
  const nodes = wholeNumber(
    '--nodes',
    options.nodes ?? made?.cluster.nodes.length ?? defaults.nodes,
    1,
    nodesMax,
  );
  const plan: Plan = {
    cluster: {
      name: 'emulator',
      nodes: Array.from({ length: nodes }, (_, i) => `n${i}`),
      replicationFactor: wholeNumber(
        '--rf',
        options.replicationFactor ??
          made?.cluster.replicationFactor ??
          Math.min(defaults.replicationFactor, nodes),
        1,
        Math.min(7, nodes),
      ),
      partitioner: oneOf<Partitioner>(
        '--partitioner',
        options.partitioner ?? made?.cluster.partitioner ?? defaults.partitioner,
        ['byte-ordered', 'murmur3'],
      ),
      ...zonesOf(options, nodes, made),
      ...bucketsOf(options, made),
    },
    broker: oneOf('--broker', options.broker ?? made?.broker ?? defaults.broker, Object.values(BrokerMode)),
    sync: oneOf('--sync', options.sync ?? made?.sync ?? defaults.sync, Object.values(SyncMode)),
    port: options.port ?? made?.port ?? defaults.port,
    listen: options.listen ?? made?.listen ?? defaults.listen,
    secure: options.secure ?? made?.secure ?? defaults.secure,
    ...(options.hosts === undefined ? {} : { hosts: options.hosts.addresses }),
    ...metricsOf(options, made),
  };
  refuseOpenDoors(plan);
  if (plan.metricsPort !== undefined) wholeNumber('--metrics-port', plan.metricsPort, 1, 65536 - nodes);
  wholeNumber('--port', plan.port, 1, 65536 - brokerPortUses(plan).length);
  refuseSharedPort(plan);
  return plan;
}

function zonesOf(
  { zones: names }: EmulatorOptions,
  nodes: number,
  made: Plan | undefined,
): Pick<ClusterDefinition, 'zones'> {
  if (names === undefined) return made?.cluster.zones === undefined ? {} : { zones: made.cluster.zones };
  if (names.length !== nodes)
    throw usage(`--zones must name one zone for each of the ${nodes} nodes, not ${names.length}: a,a,b,b`);
  const wrong = names.find(name => !/^[A-Za-z0-9_-]{1,32}$/.test(name));
  if (wrong !== undefined)
    throw usage(`--zones: "${wrong}" is no name of a zone: 1 to 32 letters, digits, "_" and "-"`);
  return { zones: Object.fromEntries(names.map((name, i) => [`n${i}`, name])) };
}

/** Zones as `--zones` takes them. */
function zoneList({ nodes, zones }: ClusterDefinition): string {
  return zones === undefined ? 'none' : nodes.map(node => zones[node]).join(',');
}

function bucketsOf(options: EmulatorOptions, made: Plan | undefined): Pick<ClusterDefinition, 'buckets'> {
  const buckets = options.buckets ?? made?.cluster.buckets;
  return buckets === undefined ? {} : { buckets };
}

function metricsOf({ metricsPort }: EmulatorOptions, made: Plan | undefined): Pick<Plan, 'metricsPort'> {
  const port = metricsPort ?? made?.metricsPort ?? false;
  return port === false ? {} : { metricsPort: port };
}

type Four = [number, number, number, number];

/** One contiguous block, by purpose: the bus URLs are the first ports. */
export function portsOf(plan: Plan, node: string): NodePorts {
  const count = plan.cluster.nodes.length;
  const bus = plan.port + plan.cluster.nodes.indexOf(node);
  const [log, route, leaf, websocket] = [1, 2, 3, 4].map(place => bus + place * count) as Four;
  return { bus, log, route, leaf, websocket };
}

/** Where a node serves its metrics; undefined where it serves none. */
export function metricsPortOf({ metricsPort, cluster }: Plan, node: string): number | undefined {
  return metricsPort === undefined ? undefined : metricsPort + cluster.nodes.indexOf(node);
}

export function portUses(plan: Plan): PortUse[] {
  const metrics = plan.cluster.nodes.flatMap(node => {
    const port = metricsPortOf(plan, node);
    return port === undefined ? [] : [{ port, use: `the metrics of ${node}` }];
  });
  return [...metrics, ...brokerPortUses(plan)];
}

function brokerPortUses(plan: Plan): PortUse[] {
  if (plan.broker === BrokerMode.Single) return [{ port: plan.port, use: 'the single broker' }];
  return plan.cluster.nodes.flatMap(node => {
    const ports = portsOf(plan, node);
    return [
      { port: ports.bus, use: `the bus server of ${node}` },
      { port: ports.log, use: `the log broker of ${node}` },
      { port: ports.route, use: `the routes of ${node}'s bus server` },
      { port: ports.leaf, use: `the leaf nodes of ${node}'s bus server` },
    ];
  });
}

export function urlOf(port: number, host: string = defaults.listen): string {
  return `nats://${host}:${port}`;
}

/** The address under which this machine reaches its own servers. */
export function hostOf({ listen = defaults.listen }: Pick<Plan, 'listen'>): string {
  return listen === everywhere ? defaults.listen : listen;
}

/** @throws EmulatorError for an address that others can reach, where nobody is asked who he is. */
function refuseOpenDoors({ listen = defaults.listen, secure }: Plan): void {
  if (isIP(listen) !== 4) throw usage(`--listen must be an IPv4 address, such as 0.0.0.0, not ${listen}`);
  if (secure !== true && !listen.startsWith('127.'))
    throw usage(
      `--listen ${listen} lets other machines in, and nobody is asked who he is: add --secure, or leave --listen out`,
    );
}

/** @throws EmulatorError when a node's metrics would be served where a broker listens. */
function refuseSharedPort(plan: Plan): void {
  const brokers = brokerPortUses(plan);
  for (const { port, use } of portUses(plan).slice(0, -brokers.length)) {
    const other = brokers.find(each => each.port === port);
    if (other !== undefined)
      throw usage(`--metrics-port ${plan.metricsPort}: ${use} would be at ${port}, the port of ${other.use}`);
  }
}

/** URLs of the bus, in node order. */
export function busUrls(plan: Plan): string[] {
  if (plan.broker === BrokerMode.Single) return [urlOf(plan.port, hostOf(plan))];
  return plan.cluster.nodes.map(node => urlOf(portsOf(plan, node).bus, plan.hosts?.[node] ?? hostOf(plan)));
}

/** URL of the broker a node's log lies on. */
export function logUrl(plan: Plan, node: string): string {
  if (plan.broker === BrokerMode.Single) return urlOf(plan.port, hostOf(plan));
  return urlOf(portsOf(plan, node).log, plan.hosts?.[node] ?? hostOf(plan));
}

function refuseContradictions(options: EmulatorOptions, { cluster, broker }: Plan): void {
  const settings: readonly (readonly [string, string | number | undefined, string | number])[] = [
    ['--nodes', options.nodes, cluster.nodes.length],
    ['--rf', options.replicationFactor, cluster.replicationFactor],
    ['--partitioner', options.partitioner, cluster.partitioner],
    ['--zones', options.zones?.join(','), zoneList(cluster)],
    ['--broker', options.broker, broker],
  ];
  for (const [flag, asked, made] of settings)
    if (asked !== undefined && asked !== made)
      throw usage(
        `the data in ${options.dataDir} was made with ${flag} ${made}, not ${asked}: ` +
          'leave the flag out, choose another --data, or delete the data with dynats down --purge',
      );
}

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw usage(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
}

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw usage(`${name} must be one of ${allowed.join(', ')}, not ${value}`);
}
