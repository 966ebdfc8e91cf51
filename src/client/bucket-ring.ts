// What a bucket's name means, from the cluster's definition as a node gave it.
import { type Bucket, Catalog } from '../coordinator/catalog.js';
import { Rings } from '../coordinator/coordination.js';
import { InvalidRequestError } from '../errors.js';
import type { Ring } from '../model/ring.js';
import type { ClusterDefinition } from '../wire/generated/types.js';
import type { Client } from './client.js';

export type FoundBucket = Bucket & { readonly ring: Ring };

/** Undefined for a bucket that the node did not know. */
export function bucketIn(cluster: ClusterDefinition, name: string): FoundBucket | undefined {
  const rings = new Rings(cluster);
  const bucket = new Catalog(cluster, rings).find(name);
  return bucket === undefined ? undefined : { ...bucket, ring: rings.of(bucket.life) };
}

/**
 * Asks one node, and when that has not heard of the bucket, for what a quorum of them knows.
 *
 * @throws InvalidRequestError when there is none; UnavailableError when no node answers, or too few to tell.
 */
export async function findBucket(
  client: Pick<Client, 'cluster' | 'buckets'>,
  name: string,
  timeoutMs: number,
): Promise<FoundBucket> {
  const { cluster } = await client.cluster({ timeoutMs });
  const known = bucketIn(cluster, name);
  if (known !== undefined) return known;
  const { name: _, ...definition } = await client.buckets.info(name, { timeoutMs });
  const found = bucketIn({ ...cluster, buckets: { ...cluster.buckets, [name]: definition } }, name);
  if (found === undefined) throw new InvalidRequestError('bucket', `bucket ${name} was dropped`);
  return found;
}
