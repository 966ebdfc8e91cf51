// `dynats/unstorage`: a driver for unstorage, and so for Nitro and Nuxt.
/**
 * A driver for unstorage.
 * @module dynats/unstorage
 */
import type { Driver, StorageMeta } from 'unstorage';
import { type Client, type ConnectOptions, connect, type Level, type Watch } from '../index.js';

/** How to reach the cluster, as `connect` takes it, and where the driver keeps its items. */
export interface DynatsDriverOptions extends ConnectOptions {
  /** A client to use; without one the driver connects when it is first used, and closes it on `dispose()`. */
  client?: Client;
  /** Prepended to every key, with a colon between; default none. */
  base?: string;
  /** Consistency level, default the bucket's. */
  level?: Level;
  /** Seconds that items live, unless `setItem` says so; default the bucket's. */
  ttl?: number;
}

const MICROSECONDS_PER_MS = 1000;

/** Makes the driver: `createStorage({ driver: dynatsDriver({ servers }) })`. */
export default function dynatsDriver(
  options: DynatsDriverOptions = {},
): Driver<DynatsDriverOptions, Promise<Client>> {
  const { client: given, base = '', level, ttl, ...connection } = options;
  const prefix = base === '' ? '' : `${base}:`;
  // Of a whole storage unstorage gives no base, whatever its types say.
  const full = (key: string | undefined) => prefix + (key ?? '');
  const request = {
    ...(connection.bucket === undefined ? {} : { bucket: connection.bucket }),
    ...(level === undefined ? {} : { level }),
  };
  let connected: Promise<Client> | undefined;
  const client = (): Promise<Client> => {
    if (given !== undefined) return Promise.resolve(given);
    const opening = connected ?? connect(connection);
    connected = opening;
    opening.catch(() => {
      if (connected === opening) connected = undefined;
    });
    return opening;
  };
  const watches = new Set<Watch>();
  const put = async (key: string, value: string | Uint8Array, life: unknown) => {
    await (await client()).put(full(key), value, { ...request, ...lifeOf(life ?? ttl) });
  };

  return {
    name: 'dynats',
    flags: { ttl: true },
    options,
    getInstance: client,
    async hasItem(key) {
      return (await (await client()).read(full(key), request)).found;
    },
    async getItem(key) {
      return (await (await client()).get(full(key), request))?.string() ?? null;
    },
    async getItems(items) {
      const found = await (await client()).getMany(
        items.map(({ key }) => full(key)),
        request,
      );
      return items.map(({ key }, i) => {
        const entry = found[i];
        if (entry instanceof Error) throw entry;
        return { key, value: entry?.string() ?? null };
      });
    },
    async getItemRaw(key) {
      return (await (await client()).get(full(key), request))?.value ?? null;
    },
    setItem(key, value, own) {
      return put(key, value, own['ttl']);
    },
    setItemRaw(key, value: unknown, own) {
      return put(key, bytesOf(value), own['ttl']);
    },
    async removeItem(key) {
      await (await client()).delete(full(key), request);
    },
    async getMeta(key): Promise<StorageMeta | null> {
      const {
        found,
        version = '',
        value,
        base64,
        expiresAt,
      } = await (await client()).read(full(key), request);
      if (!found) return null;
      const size =
        value === undefined ? Buffer.from(base64 ?? '', 'base64').length : Buffer.byteLength(value);
      const mtime = new Date(Math.floor(Number.parseInt(version, 10) / MICROSECONDS_PER_MS));
      if (expiresAt === undefined) return { mtime, size };
      return {
        mtime,
        size,
        ttl: Math.max(0, Math.ceil((expiresAt / MICROSECONDS_PER_MS - Date.now()) / 1000)),
      };
    },
    async getKeys(within) {
      const keys: string[] = [];
      for await (const key of (await client()).keys({ ...request, prefix: full(within) }))
        keys.push(key.slice(prefix.length));
      return keys;
    },
    async clear(within) {
      const store = await client();
      for await (const key of store.keys({ ...request, prefix: full(within) }))
        await store.delete(key, request);
    },
    async watch(callback) {
      const watch = await (await client()).watch({ ...request, prefix, include: 'updates' });
      watches.add(watch);
      void (async () => {
        for await (const { kind, key } of watch)
          callback(kind === 'put' ? 'update' : 'remove', key.slice(prefix.length));
      })();
      return () => {
        watches.delete(watch);
        watch.stop();
      };
    },
    async dispose() {
      for (const watch of watches) watch.stop();
      watches.clear();
      const own = connected;
      connected = undefined;
      await (await own)?.close();
    },
  };
}

function lifeOf(seconds: unknown): { ttlMs?: number } {
  if (seconds === undefined) return {};
  if (typeof seconds !== 'number' || !(seconds > 0))
    throw new TypeError('ttl must be a number of seconds above 0');
  return { ttlMs: Math.ceil(seconds * 1000) };
}

function bytesOf(value: unknown): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError('a raw item must be a string, a Uint8Array or an ArrayBuffer');
}
