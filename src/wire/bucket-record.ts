// Records of the bucket of buckets: each holds one definition, under a version that follows from it.
import { BUCKETS, definitionTime, isBucketName } from '../model/bucket.js';
import type { BucketDefinition, WireRecord } from './generated/types.js';
import { bucketDefinition as validate } from './generated/validators.js';

/** The definition that a record holds; undefined when it is no record of a bucket, which no node writes. */
export function definitionOf({ bucket, key, value, time }: WireRecord): BucketDefinition | undefined {
  // A name that no request could have would make every answer that lists buckets one that nobody takes.
  if (bucket !== BUCKETS || value === undefined || !isBucketName(key)) return undefined;
  try {
    const json: unknown = JSON.parse(value);
    return validate(json) && definitionTime(json) === time ? json : undefined;
  } catch {
    return undefined;
  }
}
