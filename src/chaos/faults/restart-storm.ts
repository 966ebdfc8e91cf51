// A node that dies again and again, also while it starts.
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../random.js';
import { type Fault, given, mendAll, needsProcesses } from './fault.js';

const deaths = 4;
/** A start takes about this long, in milliseconds: some deaths come before its end and some after. */
const livesMsMax = 1200;

export const restartStorm: Fault = {
  name: 'restart-storm',
  about: `a node is killed ${deaths} times in a row, some of them while it starts`,
  whyNot: needsProcesses,
  draw: (nodes, random) => ({ nodes: [random.pick(nodes)] }),
  async begin(cluster, { nodes, seed }) {
    const random = new SeededRandom(seed);
    const processes = given(cluster.processes);
    for (const node of nodes)
      for (let death = 0; death < deaths; death++) {
        await processes.kill(node);
        // Killed while it starts: that the start fails then is what was wanted.
        const starting = processes.mend(node).catch(() => {});
        await Promise.race([starting, sleep(random.below(livesMsMax))]);
        await processes.kill(node);
        await starting;
      }
  },
  heal: (cluster, { nodes }) => mendAll(cluster, nodes),
};
