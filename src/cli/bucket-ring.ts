// The ring of one bucket, from the cluster's definition.
import type { Ring } from '../model/ring.js';
import type { ClusterDefinition } from '../wire/generated/types.js';
import { ringIn } from './ring-in.js';
import { unknownBucket } from './unknown.js';

/** @throws CliError that names the buckets there are. */
export function ringOf(cluster: ClusterDefinition, bucket: string): Ring {
  const ring = ringIn(cluster, bucket);
  if (ring === undefined) throw unknownBucket(bucket, cluster);
  return ring;
}
