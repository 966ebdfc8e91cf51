// `dynats/kv`: buckets through the interface of @nats-io/kv, so that a codebase that uses that changes its import.
/**
 * Buckets through the interface of @nats-io/kv.
 * @module dynats/kv
 */
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BucketSettings } from '../client/buckets.js';
import type { Client } from '../client/client.js';
import { connect } from '../client/connect.js';
import { InvalidRequestError } from '../errors.js';
import { Bucket, statusOf } from './bucket.js';
import { validateBucket } from './keys.js';
import { NotSupportedError } from './not-supported.js';
import type { KV, KvmOptions, KvOptions, KvStatus } from './types.js';

export { Bucket } from './bucket.js';
export { NotSupportedError } from './not-supported.js';
export type * from './types.js';

/**
 * What a watch begins with: the newest version of each key, everything that is kept (here the same), or
 * only what is written from now on.
 */
export const KvWatchInclude = { LastValue: '', AllHistory: 'history', UpdatesOnly: 'updates' } as const;

/** Lists as the NATS client has them. */
export interface Lister<T> {
  /** One after another; what was taken is not given again. */
  [Symbol.asyncIterator](): AsyncIterator<T>;
  /** All that is left. */
  next(): Promise<T[]>;
}

/** Options of @nats-io/kv that would change what a bucket is. */
const REFUSED = [
  'max_bytes',
  'markerTTL',
  'mirror',
  'sources',
  'placement',
  'republish',
  'streamName',
] as const;

/** Makes and opens buckets over a connection. */
export class Kvm {
  private readonly connection: NatsConnection;
  private connected: Promise<Client> | undefined;

  constructor(
    connection: NatsConnection | JetStreamClient,
    private readonly options: KvmOptions = {},
  ) {
    // A JetStream client carries its connection, which its interface does not say.
    this.connection =
      'getServer' in connection ? connection : (connection as unknown as { nc: NatsConnection }).nc;
  }

  /**
   * Makes a bucket, or opens the one that is there.
   *
   * @throws InvalidRequestError when there is one with other settings; NotSupportedError names an option.
   */
  async create(name: string, options: Partial<KvOptions> = {}): Promise<KV> {
    validateBucket(name);
    const wanted = settingsOf(options);
    const { buckets } = await this.client();
    const known = (await buckets.list()).find(info => info.name === name);
    if (known === undefined) await buckets.create(name, { partitioner: 'murmur3', ...wanted });
    else {
      for (const [setting, value] of Object.entries(wanted))
        if (known[setting as keyof typeof known] !== value)
          throw new InvalidRequestError(setting, `bucket ${name} is there with another ${setting}`);
    }
    return this.bucket(name, options);
  }

  /** Opens a bucket without asking whether it is there. */
  async open(name: string, options: Partial<KvOptions> = {}): Promise<KV> {
    validateBucket(name);
    return this.bucket(name, options);
  }

  /** The buckets there are. Their keys are not counted: `values` and `size` are 0. */
  list(): Lister<KvStatus> {
    const all = this.all();
    return {
      [Symbol.asyncIterator]: () => all,
      next: async () => {
        const left: KvStatus[] = [];
        for await (const status of all) left.push(status);
        return left;
      },
    };
  }

  private async *all(): AsyncGenerator<KvStatus> {
    const { buckets } = await this.client();
    for (const info of await buckets.list()) yield statusOf(info, { values: 0, size: 0 });
  }

  private bucket(name: string, { codec, timeout }: Partial<KvOptions>): Bucket {
    const { level } = this.options;
    return new Bucket({ name, client: () => this.client(), codec, timeoutMs: timeout, level });
  }

  /** Ends with the connection. */
  private client(): Promise<Client> {
    if (this.connected !== undefined) return this.connected;
    const { connection, options } = this;
    const { mode, zone } = options;
    const connected = connect({
      connection,
      ...(mode === undefined ? {} : { mode }),
      ...(zone === undefined ? {} : { zone }),
    });
    this.connected = connected;
    connected.then(
      client => void connection.closed().then(() => client.close()),
      () => {
        this.connected = undefined;
      },
    );
    return connected;
  }
}

function settingsOf(options: Partial<KvOptions>): BucketSettings {
  const { replicas, history, ttl, maxValueSize, storage } = options;
  if (history !== undefined && history > 1)
    throw new NotSupportedError(`history of ${history}`, 'one version of a key is kept');
  if (storage !== undefined && storage !== 'file')
    throw new NotSupportedError(`storage in ${storage}`, 'what is acknowledged is on disk');
  for (const name of REFUSED) {
    const value = options[name];
    if (value !== undefined && value !== 0 && value !== -1)
      throw new NotSupportedError(name, 'a bucket is kept in the logs of its owners, not in a stream');
  }
  return {
    ...(replicas === undefined ? {} : { replicationFactor: replicas }),
    ...(ttl === undefined || ttl === 0 ? {} : { ttlMs: ttl }),
    ...(maxValueSize === undefined || maxValueSize < 0 ? {} : { valueBytesMax: maxValueSize }),
  };
}
