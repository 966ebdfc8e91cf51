// The ring of one bucket, from the cluster's definition.
import { Ring } from '../model/ring.js';
import type { ClusterDefinition } from '../wire/generated/types.js';
import { CliError, ExitCode } from './exit.js';
import { defaultBucket } from './request-flags.js';

export function ringOf(cluster: ClusterDefinition, bucket: string): Ring {
  const own = Object.hasOwn(cluster.buckets ?? {}, bucket) ? cluster.buckets?.[bucket] : undefined;
  if (own === undefined && bucket !== defaultBucket) {
    const known = [defaultBucket, ...Object.keys(cluster.buckets ?? {})].join(', ');
    throw new CliError(ExitCode.Usage, `bucket ${bucket} is unknown to the cluster: it has ${known}`);
  }
  return new Ring(cluster.nodes, {
    partitioner: own?.partitioner ?? cluster.partitioner,
    replicationFactor: own?.replicationFactor ?? cluster.replicationFactor,
    zones: cluster.zones,
  });
}
