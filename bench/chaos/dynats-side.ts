// Dynats as a victim: an emulator with proxies and disks, as `dynats chaos` makes it.
import { notServing } from '../../src/chaos/convergence.js';
import { bucketName } from '../../src/chaos/load/order.js';
import { startOwnCluster } from '../../src/chaos/own-cluster.js';
import { DynatsStore } from '../../src/cli/bench/dynats-store.js';
import { Part } from '../../src/emulator/part.js';
import { connect } from '../../src/index.js';
import { undoAtEnd } from '../clean-up.js';
import { damageBlock } from './damage-block.js';
import type { Side, SideOptions } from './side.js';

const timeoutMs = 5000;

export async function startDynatsSide({ sync, nodes }: SideOptions): Promise<Side> {
  const cluster = await startOwnCluster({ nodes, sync, hasDisks: true });
  const stop = undoAtEnd(() => cluster.close());
  const { processes, network, disks, stores } = cluster;
  const nameOf = (node: number) => `n${node}`;
  const storeOf = (node: number) => stores?.of(nameOf(node)) ?? '';
  return {
    nodes,
    connect: () =>
      Promise.all(
        (['direct', 'api'] as const).map(async mode => {
          const client = await connect({ servers: [...cluster.urls], mode, timeoutMs });
          return new DynatsStore(client, { level: 'QUORUM', bucket: bucketName });
        }),
      ),
    kill: node => processes.kill(nameOf(node)),
    mend: node => processes.mend(nameOf(node)),
    pause: node => processes.pause(nameOf(node)),
    losePower: async hit => {
      for (const node of hit) disks?.cutPower(nameOf(node));
      await Promise.all(hit.map(node => processes.kill(nameOf(node))));
      for (const node of hit) disks?.restorePower(nameOf(node));
    },
    flipBit: node => damageBlock(storeOf(node), `LOG_${nameOf(node)}`, 'flip'),
    truncate: node => damageBlock(storeOf(node), `LOG_${nameOf(node)}`, 'truncate'),
    wipe: async node => stores?.wipe(nameOf(node)),
    holder: async () => 1,
    cut: node =>
      network?.part(
        [nameOf(node)],
        cluster.nodes.filter(other => other !== nameOf(node)),
      ),
    healNetwork: () => network?.heal(),
    setClock: async (node, offsetMs) => {
      cluster.clocks?.setOffset(nameOf(node), offsetMs);
      await processes.kill(nameOf(node), [Part.Replica]);
      await processes.mend(nameOf(node));
    },
    whole: async limitMs => {
      const client = await connect({ servers: [...cluster.urls] });
      try {
        return (await notServing(client, cluster.nodes, limitMs)).length === 0;
      } finally {
        await client.close();
      }
    },
    stop,
  };
}
