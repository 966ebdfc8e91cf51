// The ring of one bucket, from the cluster's definition.
import type { Ring } from '../model/ring.js';
import type { ClusterDefinition } from '../wire/generated/types.js';
import { CliError, ExitCode } from './exit.js';
import { defaultBucket, ringIn } from './ring-in.js';

/** @throws CliError that names the buckets there are. */
export function ringOf(cluster: ClusterDefinition, bucket: string): Ring {
  const ring = ringIn(cluster, bucket);
  if (ring !== undefined) return ring;
  const known = [defaultBucket, ...Object.keys(cluster.buckets ?? {})].join(', ');
  throw new CliError(ExitCode.Usage, `bucket ${bucket} is unknown to the cluster: it has ${known}`);
}
