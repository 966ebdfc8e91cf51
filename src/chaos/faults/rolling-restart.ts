// Every node is killed and started again, one after the other, as in an upgrade.
import { type Fault, given, mendAll, needsProcesses } from './fault.js';

export const rollingRestart: Fault = {
  name: 'rolling-restart',
  about: 'every node is killed and started again, one after the other',
  whyNot: needsProcesses,
  draw: (nodes, random) => ({ nodes: random.shuffled(nodes) }),
  async begin(cluster, { nodes }) {
    const processes = given(cluster.processes);
    for (const node of nodes) {
      await processes.kill(node);
      await processes.mend(node);
    }
  },
  heal: (cluster, { nodes }) => mendAll(cluster, nodes),
};
