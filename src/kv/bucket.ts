// One bucket through the interface of @nats-io/kv.

import { QueuedIteratorImpl } from '@nats-io/nats-core/internal';
import type { Payload, QueuedIterator } from '@nats-io/transport-node';
import { utf8Length } from '#platform/bytes';
import type { BucketInfo } from '../client/buckets.js';
import type { Client, RequestOptions } from '../client/client.js';
import { keyOf, readEntry, revisionOf, storedEntry, watchEntry } from './entries.js';
import { isPattern, KeyFilter, validateKey } from './keys.js';
import { NotSupportedError } from './not-supported.js';
import type {
  KV,
  KvCodecs,
  KvDeleteOptions,
  KvEntry,
  KvmOptions,
  KvPurgeOptions,
  KvPutOptions,
  KvStatus,
  KvWatchEntry,
  KvWatchOptions,
} from './types.js';

export interface BucketParts {
  readonly name: string;
  readonly client: () => Promise<Client>;
  readonly codec: KvCodecs | undefined;
  /** Default deadline of a call in milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly level: KvmOptions['level'];
}

const NO_CONDITIONS = 'this store has no compare-and-set yet; of two writes the later wins';

/** A bucket with the interface of `@nats-io/kv`; `Kvm` makes it. */
export class Bucket implements KV {
  /** The name of the bucket. */
  readonly bucket: string;
  private readonly codec: KvCodecs | undefined;

  constructor(private readonly parts: BucketParts) {
    this.bucket = parts.name;
    this.codec = parts.codec;
  }

  async get(key: string, options?: { revision: number }): Promise<KvEntry | null> {
    const client = await this.parts.client();
    const entry = readEntry(this.bucket, await client.read(this.rawKey(key), this.options()), this.codec);
    // One version is kept: an older one is not there any more, a newer one not yet.
    return options !== undefined && entry?.revision !== options.revision ? null : entry;
  }

  async put(key: string, data: Payload, options: Partial<KvPutOptions> = {}): Promise<number> {
    unconditional('put with previousSeq', options);
    const client = await this.parts.client();
    const value = this.codec?.value.encode(data) ?? data;
    const { version } = await client.put(this.rawKey(key), value, this.options(options.timeout));
    return revisionOf(version);
  }

  async create(_key: string, _data: Payload, _markerTTL?: string): Promise<number> {
    throw new NotSupportedError('create', NO_CONDITIONS);
  }

  async update(_key: string, _data: Payload, _version: number, _timeout?: number): Promise<number> {
    throw new NotSupportedError('update', NO_CONDITIONS);
  }

  async delete(key: string, options: Partial<KvDeleteOptions> = {}): Promise<void> {
    unconditional('delete with previousSeq', options);
    const client = await this.parts.client();
    if (!isPattern(key)) {
      await client.delete(this.rawKey(key), this.options());
      return;
    }
    const filter = new KeyFilter(key);
    for await (const raw of client.keys({ ...this.options(), prefix: this.prefixOf(filter) }))
      if (filter.matches(keyOf(raw, this.codec))) await client.delete(raw, this.options());
  }

  async purge(key: string, options: Partial<KvPurgeOptions> = {}): Promise<void> {
    if (options.ttl !== undefined)
      throw new NotSupportedError('purge with ttl', 'a delete leaves once every owner is known to have it');
    await this.delete(key, options);
  }

  async history(options: { key?: string | string[] } = {}): Promise<QueuedIterator<KvWatchEntry>> {
    const filter = new KeyFilter(options.key);
    const client = await this.parts.client();
    const entries = client.scan({ ...this.options(), prefix: this.prefixOf(filter) });
    return queued(entries, entry => {
      const found = storedEntry(entry, this.codec);
      return filter.matches(found.key) ? { ...found, isUpdate: false } : undefined;
    });
  }

  async keys(filterOf?: string | string[]): Promise<QueuedIterator<string>> {
    const filter = new KeyFilter(filterOf);
    const client = await this.parts.client();
    const keys = client.keys({ ...this.options(), prefix: this.prefixOf(filter) });
    return queued(keys, raw => {
      const key = keyOf(raw, this.codec);
      return filter.matches(key) ? key : undefined;
    });
  }

  async watch(options: KvWatchOptions = {}): Promise<QueuedIterator<KvWatchEntry>> {
    const { headers_only = false, ignoreDeletes = false, include = '', resumeFromRevision = 0 } = options;
    const filter = new KeyFilter(options.key);
    const client = await this.parts.client();
    const watch = await client.watch({
      bucket: this.bucket,
      prefix: this.prefixOf(filter),
      include: include === 'updates' ? 'updates' : 'last',
    });
    return queued(
      watch,
      event => {
        if (ignoreDeletes && event.kind === 'delete') return undefined;
        const entry = watchEntry(event, this.codec, headers_only);
        return filter.matches(entry.key) && entry.revision >= resumeFromRevision ? entry : undefined;
      },
      () => watch.stop(),
    );
  }

  async status(): Promise<KvStatus> {
    const client = await this.parts.client();
    const info = await client.buckets.info(this.bucket);
    let values = 0;
    let size = 0;
    for await (const { key, value } of client.scan(this.options())) {
      values++;
      size += utf8Length(key) + value.length;
    }
    return statusOf(info, { values, size });
  }

  async destroy(): Promise<boolean> {
    const client = await this.parts.client();
    await client.buckets.drop(this.bucket);
    return true;
  }

  private rawKey(key: string): string {
    const raw = this.codec?.key.encode(key) ?? key;
    validateKey(raw);
    return raw;
  }

  /** A codec may write keys in any way: then all of them are looked at. */
  private prefixOf(filter: KeyFilter): string {
    return this.codec === undefined ? filter.prefix : '';
  }

  private options(timeoutMs = this.parts.timeoutMs): RequestOptions {
    const { level } = this.parts;
    return {
      bucket: this.bucket,
      ...(level === undefined ? {} : { level }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
  }
}

export function statusOf(info: BucketInfo, { values, size }: { values: number; size: number }): KvStatus {
  return {
    bucket: info.name,
    values,
    size,
    replicas: info.replicationFactor,
    history: 1,
    ttl: info.ttlMs ?? 0,
    maxValueSize: info.valueBytesMax ?? -1,
    max_bytes: -1,
    markerTTL: 0,
    description: '',
    storage: 'file',
    get streamInfo(): never {
      throw new NotSupportedError(
        'streamInfo',
        'a bucket is kept in the logs of its owners, not in a stream',
      );
    },
  };
}

function unconditional(feature: string, { previousSeq }: { previousSeq?: number }): void {
  if (previousSeq !== undefined) throw new NotSupportedError(feature, NO_CONDITIONS);
}

/** An iterator as the NATS client has them. `convert` gives undefined for what is left out. */
function queued<From, To>(
  source: AsyncIterable<From>,
  convert: (from: From) => To | undefined,
  onStop: () => void = () => undefined,
): QueuedIterator<To> {
  const iterator = new QueuedIteratorImpl<To>();
  let isOver = false;
  void iterator.iterClosed.then(() => {
    isOver = true;
    onStop();
  });
  void (async () => {
    for await (const from of source) {
      if (isOver) return;
      const to = convert(from);
      if (to !== undefined) iterator.push(to);
    }
  })().then(
    () => iterator.push(() => iterator.stop()),
    (error: Error) => iterator.push(() => iterator.stop(error)),
  );
  return iterator;
}
