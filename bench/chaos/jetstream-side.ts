// JetStream KV as a victim: a cluster of servers of the same binary, a bucket of three replicas, a disk for each server.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { LoopDisks } from '../../src/chaos/disks.js';
import { openConnection } from '../../src/nats/connection.js';
import { tempDir, undoAtEnd } from '../clean-up.js';
import { startJetStream } from '../clusters/jetstream.js';
import { KvStore } from '../load/kv-store.js';
import { damageBlock } from './damage-block.js';
import type { Side, SideOptions } from './side.js';

const bucket = 'chaos';
const wholePollMs = 200;

export async function startJetStreamSide({ sync, nodes }: SideOptions): Promise<Side> {
  const disks = new LoopDisks(path.join(await tempDir(), 'disks'));
  const removeDisks = undoAtEnd(() => disks.remove());
  for (let node = 0; node < nodes; node++) disks.make(`js${node}`);
  const storeOf = (node: number) => disks.storeOf(`js${node}`);
  const cluster = await startJetStream({ sync, buckets: [bucket], servers: nodes, storeOf });
  const paused = new Set<number>();
  return {
    nodes,
    connect: () => Promise.all([0, 1].map(() => KvStore.connect(cluster.urls, bucket, false))),
    kill: node => cluster.kill(node),
    mend: async node => {
      if (paused.delete(node)) cluster.resume(node);
      await cluster.restart(node);
    },
    pause: async node => {
      paused.add(node);
      cluster.pause(node);
    },
    losePower: async hit => {
      for (const node of hit) disks.cutPower(`js${node}`);
      await Promise.all(hit.map(node => cluster.kill(node)));
      for (const node of hit) disks.restorePower(`js${node}`);
    },
    flipBit: async node => damageBlock(storeOf(node), `KV_${bucket}`, 'flip'),
    truncate: async node => damageBlock(storeOf(node), `KV_${bucket}`, 'truncate'),
    wipe: node => rm(storeOf(node), { recursive: true, force: true }),
    holder: () => cluster.leader(bucket),
    whole: async limitMs => {
      const end = performance.now() + limitMs;
      for (;;) {
        if (await isWhole(cluster.urls)) return true;
        if (performance.now() > end) return false;
        await new Promise(done => setTimeout(done, wholePollMs));
      }
    },
    stop: async () => {
      await cluster.stop();
      await removeDisks();
    },
  };
}

/** Whether the bucket's stream has a leader and followers that are up to date. */
async function isWhole(urls: readonly string[]): Promise<boolean> {
  try {
    const connection = await openConnection({ servers: urls, name: 'chaos', timeoutMs: 2000 });
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 2000 });
      const { cluster } = await manager.streams.info(`KV_${bucket}`);
      return cluster?.leader !== undefined && cluster.replicas?.every(({ current }) => current) === true;
    } finally {
      await connection.close();
    }
  } catch {
    return false; // Nobody answers yet.
  }
}
