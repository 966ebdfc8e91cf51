// Cuts and slow links between nodes, by the proxies that stand between them.
import type { SeededRandom } from '../random.js';
import type { TestCluster } from '../test-cluster.js';
import { type Drawn, type Fault, given } from './fault.js';

const delayMsMin = 20;
const delayMsMax = 400;

const needsNetwork = ({ network }: TestCluster): string | undefined =>
  network === undefined ? 'nothing between its nodes can be cut' : undefined;

/** One node, or as many as make a side, from the others. */
function side(nodes: readonly string[], random: SeededRandom): Drawn {
  const count = 1 + random.below(Math.max(1, Math.floor(nodes.length / 2)));
  return { nodes: random.shuffled(nodes).slice(0, count) };
}

function others(cluster: TestCluster, nodes: readonly string[]): string[] {
  return cluster.nodes.filter(node => !nodes.includes(node));
}

async function heal(cluster: TestCluster): Promise<void> {
  given(cluster.network).heal();
}

export const partition: Fault = {
  name: 'partition',
  about: 'one or more nodes are cut off from the others; clients reach both sides',
  whyNot: needsNetwork,
  draw: side,
  async begin(cluster, { nodes }) {
    given(cluster.network).part(nodes, others(cluster, nodes));
  },
  heal,
};

/** The first node of the blow hears the others, and they do not hear it; or the other way round. */
export const oneWayCut: Fault = {
  name: 'one-way-cut',
  about: 'what a node sends reaches nobody, or nothing reaches it',
  whyNot: needsNetwork,
  draw: (nodes, random) => ({ nodes: [random.pick(nodes)], how: random.pick(['mute', 'deaf']) }),
  async begin(cluster, { nodes, how }) {
    const network = given(cluster.network);
    for (const node of nodes)
      for (const other of others(cluster, nodes))
        if (how === 'mute') network.cut(node, other);
        else network.cut(other, node);
  },
  heal,
};

/** A cut between two nodes that both see the others. */
export const brokenLink: Fault = {
  name: 'broken-link',
  about: 'two nodes are cut off from each other, and both reach the others',
  whyNot: needsNetwork,
  draw: (nodes, random) => ({ nodes: random.shuffled(nodes).slice(0, 2) }),
  async begin(cluster, { nodes }) {
    given(cluster.network).part(nodes.slice(0, 1), nodes.slice(1));
  },
  heal,
};

export const slowLink: Fault = {
  name: 'slow-link',
  about: `all that a node sends or is sent is ${delayMsMin} to ${delayMsMax} ms late`,
  whyNot: cluster =>
    needsNetwork(cluster) ??
    (cluster.network?.slow === undefined ? 'network namespaces only cut: leave out --network' : undefined),
  draw: (nodes, random) => ({
    nodes: [random.pick(nodes)],
    how: `${delayMsMin + random.below(delayMsMax - delayMsMin)}ms`,
  }),
  async begin(cluster, { nodes, how }) {
    const network = given(cluster.network);
    for (const node of nodes)
      for (const other of others(cluster, nodes)) {
        network.slow?.(node, other, Number.parseInt(how, 10));
        network.slow?.(other, node, Number.parseInt(how, 10));
      }
  },
  heal,
};
