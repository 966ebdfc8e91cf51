// A cluster made for the run and ended with it: an emulator with proxies between its nodes or a network of namespaces, and
// disks of their own for them.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Emulator } from '../emulator/emulator.js';
import { freePorts, portsPerNode } from '../emulator/free-ports.js';
import type { ReplicaSettings, SyncMode } from '../emulator/options.js';
import { type Part, parts } from '../emulator/part.js';
import { LoopDisks } from './disks.js';
import { bucketName } from './load/order.js';
import { NamespaceNetwork } from './namespaces.js';
import { ProxiedNetwork } from './network.js';
import type { Network, NodePids, Processes, TestCluster } from './test-cluster.js';

export const NetworkKind = { Proxies: 'proxies', Namespaces: 'namespaces' } as const;
export type NetworkKind = (typeof NetworkKind)[keyof typeof NetworkKind];

export interface OwnClusterOptions {
  /** Default 4. */
  readonly nodes?: number;
  /** Default always. */
  readonly sync?: SyncMode;
  /** Something between the nodes that can be cut; default true. It costs CPU. */
  readonly hasNetwork?: boolean;
  /** What that is; default proxies. Namespaces: of the Linux kernel, as root; links cannot be slowed. */
  readonly network?: NetworkKind;
  /** A disk for each node: root on Linux. Default false. */
  readonly hasDisks?: boolean;
  readonly replica?: ReplicaSettings;
  /** Of the brokers, in bytes. */
  readonly maxPayload?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
  /** A process ended by itself. */
  readonly onDeath?: (node: string, part: Part, why: string) => void;
}

export interface OwnCluster extends TestCluster {
  readonly emulator: Emulator;
  readonly processes: Processes;
}

export async function startOwnCluster(options: OwnClusterOptions): Promise<OwnCluster> {
  const { nodes: count = 4, sync = 'always', signal, onProgress } = options;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'dynats-chaos-'));
  const names = Array.from({ length: count }, (_, i) => `n${i}`);
  const { proxies, namespaces } = makeNetwork(options, names);
  const disks = options.hasDisks === true ? new LoopDisks(path.join(dir, 'disks')) : undefined;
  const leave = () => {
    proxies?.close();
    namespaces?.close();
    disks?.remove();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    for (const name of names) disks?.make(name);
    const emulator = await Emulator.start({
      dataDir: path.join(dir, 'data'),
      nodes: count,
      sync,
      partitioner: 'murmur3',
      buckets: { [bucketName]: {} },
      port: await freePorts(portsPerNode * count),
      replica: { logLevel: 'warn', ...options.replica },
      ...(options.maxPayload === undefined ? {} : { maxPayload: options.maxPayload }),
      ...(proxies === undefined ? {} : { links: proxies.open.bind(proxies) }),
      ...(namespaces === undefined ? {} : { hosts: namespaces }),
      ...(disks === undefined ? {} : { storeOf: disks.storeOf.bind(disks) }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(options.onDeath === undefined ? {} : { onDeath: options.onDeath }),
    });
    return clusterOf(emulator, { network: proxies ?? namespaces, disks, leave });
  } catch (error) {
    leave();
    throw error;
  }
}

function clusterOf(
  emulator: Emulator,
  means: { network: Network | undefined; disks: LoopDisks | undefined; leave: () => void },
): OwnCluster {
  const { network, disks, leave } = means;
  return {
    emulator,
    nodes: emulator.nodes,
    urls: emulator.urls,
    isSynced: emulator.report().sync === 'always',
    processes: processesOf(emulator),
    stores: {
      of: node => emulator.files(node).store,
      wipe: node => emulator.wipe(node),
    },
    clocks: { setOffset: (node, offsetMs) => emulator.setClockOffset(node, offsetMs) },
    ...(network === undefined ? {} : { network }),
    ...(disks === undefined ? {} : { disks }),
    pids: async () => pidsOf(emulator),
    close: async () => {
      try {
        await emulator.stop();
      } finally {
        leave();
      }
    },
  };
}

function makeNetwork({ hasNetwork = true, network }: OwnClusterOptions, names: readonly string[]) {
  if (!hasNetwork) return {};
  if (network === NetworkKind.Namespaces) return { namespaces: new NamespaceNetwork(names) };
  return { proxies: new ProxiedNetwork() };
}

function processesOf(emulator: Emulator): Processes {
  const running = (node: string, some: readonly Part[]) => {
    const report = emulator.report().nodes[node];
    return some.filter(part => report?.[part].state === 'running' || report?.[part].state === 'paused');
  };
  return {
    kill: async (node, some = parts) => {
      const alive = running(node, some);
      if (alive.length > 0) await emulator.kill(node, alive);
    },
    pause: async (node, some = parts) => {
      const alive = running(node, some);
      if (alive.length > 0) await emulator.pause(node, alive);
    },
    mend: async node => {
      const report = emulator.report().nodes[node];
      if (parts.some(part => report?.[part].state === 'paused')) await emulator.resume(node);
      if (running(node, parts).length < parts.length) await emulator.restart(node);
    },
  };
}

function pidsOf(emulator: Emulator): NodePids[] {
  return Object.entries(emulator.report().nodes).flatMap(([node, report]) =>
    parts.flatMap(part => {
      const { pid } = report[part];
      return pid === null ? [] : [{ node, part, pid }];
    }),
  );
}
