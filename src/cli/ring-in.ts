// The ring of one bucket, where the cluster's definition has it. Pure.
import { Ring } from '../model/ring.js';
import type { ClusterDefinition } from '../wire/generated/types.js';

/** The bucket of a command or page that names none. */
export const defaultBucket = 'default';

/** Undefined for a bucket that the definition does not know. */
export function ringIn(cluster: ClusterDefinition, bucket: string): Ring | undefined {
  const own = Object.hasOwn(cluster.buckets ?? {}, bucket) ? cluster.buckets?.[bucket] : undefined;
  if (own === undefined && bucket !== defaultBucket) return undefined;
  return new Ring(cluster.nodes, {
    partitioner: own?.partitioner ?? cluster.partitioner,
    replicationFactor: own?.replicationFactor ?? cluster.replicationFactor,
    zones: cluster.zones,
  });
}
