// Buckets by the client library: each call is one request to whichever node is free.
import { DynatsError, InvalidRequestError, UnavailableError, WriteTimeoutError } from '../errors.js';
import { BusError } from '../ports.js';
import type { BucketReply, BucketRequest } from '../wire/generated/types.js';
import { bucketReply, bucketRequest, type Validator } from '../wire/generated/validators.js';
import { check } from '../wire/json.js';
import { apiSubject } from '../wire/subjects.js';

/** A bucket as the nodes have it, with what it takes from the cluster's settings. */
export type BucketInfo = BucketReply['buckets'][number];

/** Settings of a bucket. What is left out is the cluster's, or none. */
export type BucketSettings = Pick<
  BucketRequest,
  'partitioner' | 'replicationFactor' | 'level' | 'ttlMs' | 'valueBytesMax'
>;

/** Options of requests about buckets. */
export interface BucketOptions {
  /** Deadline of the call in milliseconds, default the client's or, if that is shorter, 10000. */
  timeoutMs?: number;
}

/** Definitions are read and written at QUORUM of all nodes. All calls throw UnavailableError when too few are alive. */
export interface Buckets {
  /** Every bucket, by name. */
  list(options?: BucketOptions): Promise<BucketInfo[]>;
  /** Rejects with InvalidRequestError when there is no such bucket. */
  info(name: string, options?: BucketOptions): Promise<BucketInfo>;
  /** Makes a bucket. Making one that exists with the same settings is no error; making one anew takes 3 s. */
  create(name: string, settings?: BucketSettings, options?: BucketOptions): Promise<BucketInfo>;
  /** Changes what is named; 0 takes `ttlMs` or `valueBytesMax` away. Partitioner and replication factor cannot change. */
  set(name: string, settings: BucketSettings, options?: BucketOptions): Promise<BucketInfo>;
  /** Drops the bucket with every record in it. A bucket made later under this name begins empty. */
  drop(name: string, options?: BucketOptions): Promise<BucketInfo>;
}

/** Puts a request to a subject, and checks the reply. */
export type Ask = <T>(
  subject: string,
  request: object,
  validator: Validator<T>,
  timeoutMs: number,
) => Promise<T>;

export interface BucketsOptions {
  readonly ask: Ask;
  /** The node to ask; undefined for whichever is free. */
  readonly node: () => string | undefined;
  readonly timeoutMsDefault: () => number;
}

export function bucketsOf({ ask, node, timeoutMsDefault }: BucketsOptions): Buckets {
  const send = async (
    request: BucketRequest,
    { timeoutMs = timeoutMsDefault() }: BucketOptions = {},
  ): Promise<BucketInfo[]> => {
    check(bucketRequest, { ...request, timeoutMs });
    try {
      const subject = apiSubject('bucket', node());
      return (await ask(subject, { ...request, timeoutMs }, bucketReply, timeoutMs)).buckets;
    } catch (error) {
      throw request.op === 'ls' ? error : uncertain(error);
    }
  };
  const sendOne = async (
    request: BucketRequest & { bucket: string },
    options?: BucketOptions,
  ): Promise<BucketInfo> => {
    const [info] = await send(request, options);
    if (info !== undefined) return info;
    throw new DynatsError('INTERNAL', 'a node answered a bucket request without the bucket', 'unknown');
  };
  return {
    list: options => send({ op: 'ls' }, options),
    info: (bucket, options) => sendOne({ op: 'ls', bucket: named(bucket) }, options),
    create: (bucket, settings, options) =>
      sendOne({ op: 'create', bucket: named(bucket), ...settings }, options),
    set: (bucket, settings, options) => sendOne({ op: 'set', bucket: named(bucket), ...settings }, options),
    drop: (bucket, options) => sendOne({ op: 'drop', bucket: named(bucket) }, options),
  };
}

function named(bucket: string): string {
  if (typeof bucket === 'string') return bucket;
  throw new InvalidRequestError('bucket', 'bucket must be a string');
}

/** A request that nobody answered in time may have been carried out. */
export function uncertain(error: unknown): unknown {
  const isLost = error instanceof UnavailableError && error.cause instanceof BusError;
  if (!isLost || (error.cause instanceof BusError && error.cause.kind === 'no-responders')) return error;
  return new WriteTimeoutError(1, 0, 'no node answered in time; it may have been done', { cause: error });
}
