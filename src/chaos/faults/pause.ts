// SIGSTOP and SIGCONT: a node hangs, or a part of it, or two nodes.
import { isPart, type Part, parts } from '../../emulator/part.js';
import { type Fault, given, mendAll, needsProcesses } from './fault.js';

export const pause: Fault = {
  name: 'pause',
  about: 'SIGSTOP of a node, of one of its processes, or of two nodes; SIGCONT later',
  whyNot: needsProcesses,
  draw(nodes, random) {
    const chance = random.next();
    if (chance < 0.5) return { nodes: [random.pick(nodes)], how: 'whole' };
    if (chance < 0.8) return { nodes: [random.pick(nodes)], how: random.pick(parts) };
    return { nodes: random.shuffled(nodes).slice(0, 2), how: 'whole' };
  },
  async begin(cluster, { nodes, how }) {
    const some: Part[] | undefined = isPart(how) ? [how] : undefined;
    await Promise.all(nodes.map(node => given(cluster.processes).pause(node, some)));
  },
  heal: (cluster, { nodes }) => mendAll(cluster, nodes),
};
