// What each fault does to a cluster, and how it ends.
import type { SimCluster } from './cluster.js';
import type { FaultName } from './fault-table.js';
import type { Faults as LinkFaults } from './network.js';
import type { PlannedFault } from './plan.js';
import type { SimDisk } from './streams.js';

/** Begins a fault. @returns what ends it. */
export type Begin = (cluster: SimCluster, fault: PlannedFault) => () => void;

/** Faults of one node that exclude each other: it is down, hangs, or is cut off from its broker. */
export const NODE_FAULTS: Partial<Record<FaultName, Begin>> = {
  brokerDeath: (cluster, { node }) => {
    cluster.crashBroker(node);
    return () => cluster.restartBroker(node);
  },
  replicaDeath: (cluster, { node }) => {
    cluster.killReplica(node);
    return () => cluster.keepStarting(node);
  },
  nodeDeath: (cluster, { node }) => {
    cluster.killNode(node);
    return () => cluster.keepStarting(node);
  },
  connectionLoss: (cluster, { node }) => {
    cluster.disconnect(node);
    return () => cluster.reconnect(node);
  },
  pause: (cluster, { node }) => {
    cluster.pause(node);
    return () => cluster.resume(node);
  },
};

/** Faults that others may overlap. */
export const OTHER_FAULTS: Partial<Record<FaultName, Begin>> = {
  partition: (cluster, { sites }) => cluster.isolate(...sites),
  oneWay: (cluster, { node, sites }) => {
    const mends = sites.map(site => cluster.network.cut(node, site));
    return () => {
      for (const mend of mends) mend();
    };
  },
  slowNode: (cluster, { node, amount }) => {
    const { broker } = cluster.disk(node);
    broker.slowMs = 20 + amount * 300;
    return () => {
      broker.slowMs = 0;
    };
  },
  clockSkew: setClock,
  clockJump: setClock,
  fullDisk: (cluster, { node }) => {
    const disk = cluster.disk(node);
    disk.refuse = () => true;
    return () => {
      disk.refuse = () => false;
    };
  },
  // Sometimes everywhere: a hint is stored later or not at all.
  hintsRefused: (cluster, { node, amount }) => {
    const disks = (amount < 0.6 ? [node] : cluster.nodes).map(each => cluster.disk(each));
    for (const disk of disks) disk.refuseHints = () => true;
    return () => {
      for (const disk of disks) disk.refuseHints = () => false;
    };
  },
};

/** What a fault of the links does while it lasts. */
export const LINK_FAULTS: Partial<Record<FaultName, (fault: PlannedFault) => Partial<LinkFaults>>> = {
  loss: ({ amount }) => ({ loss: amount * 0.1 }),
  delay: ({ amount, lastsMs }) => ({ delay: amount * 0.3, delayMs: Math.min(200, lastsMs) }),
  duplication: ({ amount }) => ({ duplication: amount * 0.3 }),
  reordering: ({ amount }) => ({ reordering: amount * 0.3 }),
};

const HOUR_MS = 3_600_000;
/** Clocks that differ by less are left alone. */
const DRIFT_MS = 200;

/**
 * One clock is wrong by an hour, or drifts by what is still no matter; it stays so. Whose clock is wrong can be told while
 * most clocks are right: never more than one is wrong by much.
 */
function setClock(cluster: SimCluster, { node, sites, amount }: PlannedFault): () => void {
  const { skewMs } = cluster;
  const [site = node] = sites;
  const whose = amount < 0.7 ? node : site.replace('at-', '');
  const isAnotherWrong = [...skewMs].some(([name, ms]) => name !== whose && Math.abs(ms) > DRIFT_MS);
  const drift = (amount * 7) % 1 < 0.5 || isAnotherWrong;
  const sign = (amount * 13) % 1 < 0.5 ? -1 : 1;
  skewMs.set(whose, sign * (drift ? amount * DRIFT_MS : HOUR_MS));
  return () => {};
}

/** An entry's head. */
const TELLING_BYTES = 10;

/** What a disk loses while its broker is down. */
export const LOSSES: Partial<Record<FaultName, (disk: SimDisk, fault: PlannedFault, until: number) => void>> =
  {
    wipedDisk: disk => disk.wipe(),
    lostTail: (disk, { amount }, until) => {
      const { log } = disk;
      if (log === undefined) return;
      log.loseTail(Math.max(Math.ceil(amount * 20), log.lastSequence - until));
    },
    hole: (disk, { amount }) => {
      const { entries } = disk.log ?? { entries: [] };
      entries.splice(Math.floor(amount * entries.length), 1 + Math.floor((amount * 31) % 5));
    },
    truncation: (disk, { amount }) =>
      // Of fewer bytes nobody can tell what they were.
      change(disk, amount, data =>
        data.subarray(0, Math.max(TELLING_BYTES, Math.floor(((amount * 31) % 1) * data.length))),
      ),
    bitFlip: (disk, { amount }) =>
      change(disk, amount, data => {
        const byte = Math.floor(((amount * 31) % 1) * data.length);
        data[byte] = (data[byte] ?? 0) ^ (1 << Math.floor(((amount * 37) % 1) * 8));
        return data;
      }),
  };

/** Changes the bytes of one entry in the log. */
function change(disk: SimDisk, amount: number, how: (data: Buffer) => Uint8Array): void {
  const { entries } = disk.log ?? { entries: [] };
  const at = Math.floor(amount * entries.length);
  const entry = entries[at];
  if (entry !== undefined) entries[at] = { ...entry, data: how(Buffer.from(entry.data)) };
}
