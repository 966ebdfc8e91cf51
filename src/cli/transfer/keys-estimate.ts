// About how many keys a transfer will meet: for its progress only.
import type { Client } from '../../client/client.js';
import type { ClusterDefinition } from '../../wire/generated/types.js';
import { ringOf } from '../bucket-ring.js';
import { bucketsOf } from '../unknown.js';

/**
 * From what the nodes count, which is not by bucket: with several buckets it is too much, and unknown.
 *
 * @returns 0 when it is not known.
 */
export async function keysEstimate(
  client: Pick<Client, 'status'>,
  nodes: readonly string[],
  cluster: ClusterDefinition,
  bucket: string,
): Promise<number> {
  if (bucketsOf(cluster).length > 1) return 0;
  const counts = await Promise.all(
    nodes.map(async node => (await client.status(node).catch(() => undefined))?.keys ?? 0),
  );
  const copies = Math.min(ringOf(cluster, bucket).replicationFactor, nodes.length);
  return Math.ceil(counts.reduce((sum, keys) => sum + keys, 0) / Math.max(1, copies));
}
