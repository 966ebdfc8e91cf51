// A node's disk is not what it was: a flipped bit, a file cut short, a stream or everything gone. The node is down meanwhile.
import { SeededRandom } from '../random.js';
import { deleteLogStream, flipBit, truncateBlock } from '../store-damage.js';
import { type Fault, given, mendAll, needsProcesses, needsStores } from './fault.js';

type Damage = (store: string, node: string, random: SeededRandom) => unknown;

function damaged(name: string, about: string, damage: Damage): Fault {
  return {
    name,
    about,
    losesData: true,
    whyNot: cluster => needsProcesses(cluster) ?? needsStores(cluster),
    draw: (nodes, random) => ({ nodes: [random.pick(nodes)] }),
    async begin(cluster, { nodes, seed }) {
      const random = new SeededRandom(seed);
      for (const node of nodes) {
        await given(cluster.processes).kill(node);
        damage(given(cluster.stores).of(node), node, random);
      }
    },
    heal: (cluster, { nodes }) => mendAll(cluster, nodes),
  };
}

export const bitFlip = damaged('bit-flip', 'one bit of the log of a stopped node is flipped', flipBit);

export const truncation = damaged(
  'truncation',
  'a file of the log of a stopped node is cut short',
  truncateBlock,
);

export const deletedStream = damaged(
  'deleted-stream',
  'the stream that is the log of a stopped node is deleted',
  deleteLogStream,
);

export const wipe: Fault = {
  ...damaged('wipe', 'all that a stopped node has on disk is deleted', () => {}),
  async begin(cluster, { nodes }) {
    for (const node of nodes) {
      await given(cluster.processes).kill(node);
      given(cluster.stores).wipe(node);
    }
  },
};
