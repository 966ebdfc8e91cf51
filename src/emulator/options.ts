// What an emulator can be asked to be.
import type { ClusterDefinition, NodeConfig } from '../wire/generated/types.js';
import type { Part } from './part.js';

/** `per-node`: a bus server and a log broker for each node. `single`: one server for everything, a single point of failure. */
export const BrokerMode = { PerNode: 'per-node', Single: 'single' } as const;
export type BrokerMode = (typeof BrokerMode)[keyof typeof BrokerMode];

/** `always`: fsync before every ack. `lazy`: the broker's default, every two minutes. */
export const SyncMode = { Always: 'always', Lazy: 'lazy' } as const;
export type SyncMode = (typeof SyncMode)[keyof typeof SyncMode];

/**
 * Ports to dial in place of those that are listened on: of proxies that can cut or slow what passes. The servers then tell
 * nobody of their own ports, or the others would find a way round.
 */
export interface Links {
  /** To the route port of `to`'s bus server, from that of `from`. */
  route(from: string, to: string): number;
  /** To the leaf port of `to`'s bus server, from the log broker of `from`. */
  leaf(from: string, to: string): number;
  /** To a node's log broker, from the other nodes and clients. */
  log(node: string): number;
}

/** Addresses and network namespaces of the nodes, in place of the loopback that all share. */
export interface NodeHosts {
  /** IPv4 address of each node: there it listens, and there the others and clients reach it. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Command and arguments that run what stands behind them as a process of the node, under the same pid. */
  within(node: string): readonly string[];
}

/** A network whose links can be cut. */
export interface CuttableNetwork {
  open(cluster: LinkedPorts): Promise<Links>;
  /** Nothing that `from` sends reaches `to` any more. */
  cut(from: string, to: string): void;
  /** It does again. */
  mend(from: string, to: string): void;
  close(): void;
}

export type Partitioner = ClusterDefinition['partitioner'];

/** Settings handed on to every replica process, as in the configuration file of a node. */
export type ReplicaSettings = Pick<
  NodeConfig,
  'hints' | 'compaction' | 'antiEntropy' | 'heartbeatMs' | 'maxClockSkewMs' | 'logLevel'
>;

/** What is left out is as the data directory was made, or the default when it is new. */
export interface EmulatorOptions {
  dataDir: string;
  /** 1 to 16, default 4. */
  nodes?: number;
  /** Default 3, or the number of nodes when that is smaller. */
  replicationFactor?: number;
  /** Default byte-ordered. */
  partitioner?: Partitioner;
  /** The zone of each node, in their order; default none. */
  zones?: readonly string[];
  /** Buckets beside `default`. */
  buckets?: NonNullable<ClusterDefinition['buckets']>;
  /** First port of the block, default 4222. */
  port?: number;
  /** Address on which clients are listened for, default 127.0.0.1; another one needs `secure`. */
  listen?: string;
  /** Users with keys and passwords of their own, and TLS. Default false. */
  secure?: boolean;
  /** Default per-node. */
  broker?: BrokerMode;
  /** Default always. */
  sync?: SyncMode;
  replica?: ReplicaSettings;
  /** Largest message of the brokers, in bytes; default 1 MiB. Entries and values must fit. */
  maxPayload?: number;
  /** First of one port for each node, on the loopback, at which it serves its metrics; default none do. False: none again. */
  metricsPort?: number | false;
  /** What stands between the nodes; default nothing. Not with a single broker. */
  links?: (cluster: LinkedPorts) => Promise<Links>;
  /** Where each node's processes run; default on the loopback. Not with a single broker, nor secured. */
  hosts?: NodeHosts;
  /** What `cut` and `heal` act on, in place of `links`; default nothing. Not with a single broker, nor secured. */
  network?: CuttableNetwork;
  /** Websockets for pages of this machine, which listen on these ports; default none. Not with a single broker. */
  websockets?: { readonly pagePorts: readonly number[] };
  /** Directory of a node's JetStream store, to have it on a disk of its own; default in the data directory. */
  storeOf?: (node: string) => string;
  /** Ends the start, or the running emulator. */
  signal?: AbortSignal;
  /** One line of text for each step of the start. */
  onProgress?: (line: string) => void;
  /** A process of the emulator ended by itself; it is not started again. */
  onDeath?: (node: string, part: Part, why: string) => void;
}

/** The ports that links lead to. */
export interface LinkedPorts {
  readonly nodes: readonly string[];
  portsOf(node: string): { readonly route: number; readonly leaf: number; readonly log: number };
}

export const defaults = {
  nodes: 4,
  replicationFactor: 3,
  partitioner: 'byte-ordered',
  port: 4222,
  broker: BrokerMode.PerNode,
  listen: '127.0.0.1',
  secure: false,
  sync: SyncMode.Always,
} as const;

export const nodesMax = 16;
