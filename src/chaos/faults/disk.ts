// Disks that are full, or lose power: what was not fsynced is gone. On a disk of its own for each node.
import type { TestCluster } from '../test-cluster.js';
import { type Fault, given, mendAll, needsProcesses } from './fault.js';

const needsDisks = (cluster: TestCluster): string | undefined =>
  needsProcesses(cluster) ??
  (cluster.disks === undefined ? 'its nodes have no disks of their own (root on Linux)' : undefined);

export const fullDisk: Fault = {
  name: 'disk-full',
  about: 'the disk of a node is full for a while',
  losesData: true,
  whyNot: needsDisks,
  draw: (nodes, random) => ({ nodes: [random.pick(nodes)], how: `${random.below(64)} KiB left` }),
  async begin(cluster, { nodes, how }) {
    for (const node of nodes) given(cluster.disks).fill(node, Number.parseInt(how, 10) * 1024);
  },
  async heal(cluster, { nodes }) {
    for (const node of nodes) given(cluster.disks).free(node);
    await mendAll(cluster, nodes);
  },
};

/** Everything of the nodes ends at once, and their disks keep what was fsynced. */
async function losePower(cluster: TestCluster, nodes: readonly string[]): Promise<void> {
  const disks = given(cluster.disks);
  for (const node of nodes) disks.cutPower(node);
  await Promise.all(nodes.map(node => given(cluster.processes).kill(node)));
  for (const node of nodes) disks.restorePower(node);
}

export const powerLoss: Fault = {
  name: 'power-loss',
  about: 'a node loses power: what was not fsynced is gone',
  losesData: true,
  whyNot: needsDisks,
  draw: (nodes, random) => ({ nodes: [random.pick(nodes)] }),
  begin: (cluster, { nodes }) => losePower(cluster, nodes),
  heal: (cluster, { nodes }) => mendAll(cluster, nodes),
};

export const powerLossOfAll: Fault = {
  name: 'power-loss-all',
  about: 'all nodes lose power at once; with sync always only',
  losesData: true,
  whyNot: cluster =>
    needsDisks(cluster) ??
    (cluster.isSynced === true
      ? undefined
      : 'with sync lazy it may lose what was acknowledged, as documented'),
  draw: nodes => ({ nodes }),
  begin: (cluster, { nodes }) => losePower(cluster, nodes),
  // All at once: a node that starts alone waits for nobody, but nor is there anyone to tell it what it has lost.
  heal: async (cluster, { nodes }) => {
    await Promise.all(nodes.map(node => given(cluster.processes).mend(node)));
  },
};
