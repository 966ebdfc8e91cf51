// `dynats/keyv`: a store for Keyv 5, and so for what is built on it (cache-manager, cacheable).
/**
 * A store for Keyv 5.
 * @module dynats/keyv
 */
import { EventEmitter } from 'node:events';
import type { KeyvStoreAdapter } from 'keyv';
import { type Client, type ConnectOptions, connect, type Level } from '../index.js';

/** How to reach the cluster, as `connect` takes it, and where the store keeps its entries. */
export interface KeyvDynatsOptions extends ConnectOptions {
  /** A client to use; without one the store connects, when it is first used, and disconnects on `disconnect()`. */
  client?: Client;
  /** Consistency level, default the bucket's. */
  level?: Level;
}

/** What a store says of itself, so that Keyv uses its `iterator`: Keyv 5 knows the stores that have one by these names. */
const DIALECT = 'etcd';

/**
 * Keeps what Keyv stores as records of one bucket, `<namespace>:<key>` each. Lives given to Keyv are the records' too, so that
 * what has expired leaves the store by itself.
 */
export class KeyvDynats extends EventEmitter implements KeyvStoreAdapter {
  readonly opts: { dialect: string; url: string };
  namespace: string | undefined;
  private connected: Promise<Client> | undefined;

  constructor(private readonly options: KeyvDynatsOptions = {}) {
    super();
    this.opts = { dialect: DIALECT, url: [options.servers ?? ''].flat().join(',') };
  }

  /** Undefined for a key that has no value, or whose life is over. */
  async get<Value>(key: string): Promise<Value | undefined> {
    const entry = await (await this.client()).get(key, this.request);
    return entry?.string() as Value | undefined;
  }

  /** Values in the order of `keys`; undefined where there is none. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const found = await (await this.client()).getMany(keys, this.request);
    return found.map(each => {
      if (each instanceof Error) throw each;
      return each?.string() as Value | undefined;
    });
  }

  /** Stores text. @param ttl its life in milliseconds; default the bucket's. */
  async set(key: string, value: string, ttl?: number): Promise<void> {
    await (await this.client()).put(key, value, { ...this.request, ...lifeOf(ttl) });
  }

  /** All at once, `ttl` in milliseconds. Fails when one of them failed; the others are stored. */
  async setMany(entries: { key: string; value: string; ttl?: number }[]): Promise<void> {
    const client = await this.client();
    const outcomes = await client.batch(
      entries.map(({ key, value, ttl }) => ({ op: 'put', key, value, ...lifeOf(ttl) })),
      this.request,
    );
    for (const outcome of outcomes) if (outcome instanceof Error) throw outcome;
  }

  /** @returns whether it was there. Of two who delete a key at once both may be told so. */
  async delete(key: string): Promise<boolean> {
    const client = await this.client();
    const { found } = await client.read(key, this.request);
    if (found) await client.delete(key, this.request);
    return found;
  }

  /** Whether any of the keys had a value. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const deleted = await Promise.all(keys.map(key => this.delete(key)));
    return deleted.some(Boolean);
  }

  /** Whether the key has a value now. */
  async has(key: string): Promise<boolean> {
    return (await (await this.client()).read(key, this.request)).found;
  }

  /** Deletes the namespace's keys; without a namespace all of the bucket. */
  async clear(): Promise<void> {
    const client = await this.client();
    for await (const key of client.keys({ ...this.request, ...prefixOf(this.namespace) }))
      await client.delete(key, this.request);
  }

  /** Pairs of key and value below `namespace`, in the order of keys; all without one. */
  async *iterator<Value>(namespace?: string): AsyncGenerator<(string | Awaited<Value> | undefined)[], void> {
    const client = await this.client();
    for await (const entry of client.scan({ ...this.request, ...prefixOf(namespace) }))
      yield [entry.key, entry.string() as Awaited<Value>];
  }

  /** Closes the connection, if it is the store's own. */
  async disconnect(): Promise<void> {
    const { connected } = this;
    this.connected = undefined;
    if (this.options.client === undefined) await (await connected)?.close();
  }

  private get request(): { bucket?: string; level?: Level } {
    const { bucket, level } = this.options;
    return { ...(bucket === undefined ? {} : { bucket }), ...(level === undefined ? {} : { level }) };
  }

  private client(): Promise<Client> {
    const { client, level: _, ...options } = this.options;
    if (client !== undefined) return Promise.resolve(client);
    const connected = this.connected ?? connect(options);
    this.connected = connected;
    connected.catch(() => {
      if (this.connected === connected) this.connected = undefined;
    });
    return connected;
  }
}

export default KeyvDynats;

function lifeOf(ttl: number | undefined): { ttlMs?: number } {
  return ttl === undefined || ttl <= 0 ? {} : { ttlMs: Math.ceil(ttl) };
}

function prefixOf(namespace: string | undefined): { prefix?: string } {
  return namespace === undefined ? {} : { prefix: `${namespace}:` };
}
