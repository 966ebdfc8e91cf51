// A name that the cluster does not have: said in one way everywhere, with what it has and what was perhaps meant.
import { isBucketName } from '../model/bucket.js';
import type { ClusterDefinition } from '../wire/generated/types.js';
import { CliError, ExitCode } from './exit.js';
import { defaultBucket } from './request-flags.js';
import { didYouMean } from './suggest.js';

export function unknownNode(node: string, nodes: readonly string[]): CliError {
  return new CliError(
    ExitCode.Usage,
    `there is no node ${node}: the cluster has ${nodes.join(', ')}${didYouMean(node, nodes)}`,
  );
}

export function bucketsOf({ buckets = {} }: ClusterDefinition): string[] {
  return [...new Set([defaultBucket, ...Object.keys(buckets)])];
}

export function unknownBucket(bucket: string, cluster: ClusterDefinition): CliError {
  const known = bucketsOf(cluster);
  const meant = didYouMean(bucket, known);
  // Advice that would be refused is none.
  const make = isBucketName(bucket)
    ? `; dynats bucket create ${bucket} makes it`
    : `; it cannot be made: names are 1 to 64 of A-Z a-z 0-9 _ - and do not begin with _`;
  return new CliError(
    ExitCode.Usage,
    `there is no bucket ${bucket}: the cluster has ${known.join(', ')}${meant === '' ? make : meant}`,
  );
}
