// kill -9: a node, a part of one, several nodes, all of them.
import { isPart, type Part, parts } from '../../emulator/part.js';
import { type Fault, given, mendAll, needsProcesses } from './fault.js';

const wholeNode = 'whole';

export const kill: Fault = {
  name: 'kill',
  about: 'kill -9 of a node, of its bus server, log broker or replica alone, of several nodes or of all',
  whyNot: needsProcesses,
  draw(nodes, random) {
    const chance = random.next();
    if (chance < 0.5) return { nodes: [random.pick(nodes)], how: wholeNode };
    if (chance < 0.8) return { nodes: [random.pick(nodes)], how: random.pick(parts) };
    const count = chance < 0.9 ? nodes.length : 1 + random.below(nodes.length);
    return { nodes: random.shuffled(nodes).slice(0, count), how: wholeNode };
  },
  async begin(cluster, { nodes, how }) {
    const some: Part[] | undefined = isPart(how) ? [how] : undefined;
    await Promise.all(nodes.map(node => given(cluster.processes).kill(node, some)));
  },
  heal: (cluster, { nodes }) => mendAll(cluster, nodes),
};
