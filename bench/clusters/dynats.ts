// The Dynats side: an emulator of four nodes.
import { rm } from 'node:fs/promises';
import { freePorts } from '../../src/chaos/free-ports.js';
import { Emulator } from '../../src/emulator/emulator.js';
import type { EmulatorOptions } from '../../src/emulator/options.js';
import { type PeerView, untilNoticed } from '../../src/emulator/peer-watch.js';
import { tempDir, undoAtEnd } from '../clean-up.js';

const thawLimitMs = 10_000;

export interface DynatsCluster {
  readonly emulator: Emulator;
  readonly urls: readonly string[];
  pids(): number[];
  /** Stops every process with SIGSTOP: heartbeats and probes cost CPU that the side being measured needs. */
  freeze(): void;
  /** Resolves when the nodes see each other again. */
  thaw(): Promise<void>;
  stop(): Promise<void>;
}

/** Buckets, so that keys of one size never meet values of another. */
export function bucketOf(valueBytes: number): string {
  return `bench${valueBytes}`;
}

export async function startDynats(
  options: Pick<EmulatorOptions, 'sync' | 'nodes' | 'replica'> & { valueBytes?: readonly number[] },
): Promise<DynatsCluster> {
  const { nodes = 4, sync = 'always', valueBytes = [100], replica = {} } = options;
  const dataDir = await tempDir();
  const emulator = await Emulator.start({
    dataDir,
    port: await freePorts(4 * nodes),
    nodes,
    sync,
    partitioner: 'murmur3',
    replica,
    buckets: Object.fromEntries(valueBytes.map(bytes => [bucketOf(bytes), {}])),
  });
  const stop = undoAtEnd(async () => {
    await emulator.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const pids = () => pidsOf(emulator);
  let isFrozen = false;
  return {
    emulator,
    urls: emulator.urls,
    pids,
    freeze: () => {
      isFrozen = true;
      for (const pid of pids()) process.kill(pid, 'SIGSTOP');
    },
    thaw: async () => {
      if (!isFrozen) return;
      isFrozen = false;
      for (const pid of pids()) process.kill(pid, 'SIGCONT');
      const { nodes } = emulator;
      const noticed = (view: PeerView | undefined) => view?.writable === true;
      const connection = emulator.connectionAs('inspector');
      await untilNoticed(connection, { observers: nodes, targets: nodes, noticed, limitMs: thawLimitMs });
    },
    stop,
  };
}

function pidsOf(emulator: Emulator): number[] {
  return Object.values(emulator.report().nodes).flatMap(({ bus, log, replica }) =>
    [bus.pid, log.pid, replica.pid].flatMap(pid => pid ?? []),
  );
}
