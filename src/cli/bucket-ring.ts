// The ring of one bucket, from the cluster's definition.
import { Ring } from '../model/ring.js';
import type { ClusterDefinition } from '../wire/generated/types.js';
import { defaultBucket } from './request-flags.js';
import { unknownBucket } from './unknown.js';

export function ringOf(cluster: ClusterDefinition, bucket: string): Ring {
  const own = Object.hasOwn(cluster.buckets ?? {}, bucket) ? cluster.buckets?.[bucket] : undefined;
  if (own === undefined && bucket !== defaultBucket) throw unknownBucket(bucket, cluster);
  return new Ring(cluster.nodes, {
    partitioner: own?.partitioner ?? cluster.partitioner,
    replicationFactor: own?.replicationFactor ?? cluster.replicationFactor,
    zones: cluster.zones,
  });
}
