// The interface of @nats-io/kv 3.4, as far as this store has it. test/kv/types.test.ts holds the two side by side.
import type { StreamInfo } from '@nats-io/jetstream';
import type { Payload, QueuedIterator } from '@nats-io/transport-node';
import type { Level } from '../model/level.js';

/** One version of a key, in the shape that `@nats-io/kv` gives it. */
export interface KvEntry {
  bucket: string;
  key: string;
  rawKey: string;
  value: Uint8Array;
  /** When it was written, by the clock of its writer. */
  created: Date;
  /** Microseconds since 1970: larger is newer, of one key never twice. No count, and none to wait for the next of. */
  revision: number;
  /** Never given by a watch: see `isUpdate`. */
  delta?: number;
  operation: 'PUT' | 'DEL' | 'PURGE';
  /** Bytes of the value. */
  length: number;
  /** The value as JSON. Throws SyntaxError when it is none. */
  json<T>(): T;
  /** The value as UTF-8 text. */
  string(): string;
}

/** An entry as a watch gives it. */
export type KvWatchEntry = KvEntry & {
  /** False for what was there when the watch began. */
  isUpdate: boolean;
};

/** What to watch: all keys, unless `key` names one or a pattern. */
export interface KvWatchOptions {
  /** Keys or patterns with `*` and `>`, default all. */
  key?: string | string[];
  /** Entries come without their values. */
  headers_only?: boolean;
  ignoreDeletes?: boolean;
  /** `''` (default): what is there, then updates; `updates`: updates only. With one version kept, `history` is `''`. */
  include?: '' | 'history' | 'updates';
  /** Leaves out what is older. */
  resumeFromRevision?: number;
}

/**
 * Options of `put`; `previousSeq` is refused, as compare-and-set is not supported. Times are in
 * milliseconds.
 */
export interface KvPutOptions {
  /** Not supported. */
  previousSeq: number;
  /** Deadline of the call in milliseconds. */
  timeout: number;
}

/** Options of `delete`; `previousSeq` is refused, as compare-and-set is not supported. */
export interface KvDeleteOptions {
  /** Not supported. */
  previousSeq: number;
}

/** Options of `purge`, which here is a `delete`; `ttl` is refused. */
export interface KvPurgeOptions extends KvDeleteOptions {
  /** Not supported. */
  ttl: string;
}

/** Changes keys on their way to the bucket and back. */
export interface KvKeyCodec {
  /** The key as it is stored. */
  encode(key: string): string;
  /** What `encode` was given. */
  decode(key: string): string;
}

/** Changes values on their way to the bucket and back. */
export interface KvPayloadCodec {
  /** The value as it is stored. */
  encode(value: Payload): Uint8Array;
  /** What `encode` was given, as bytes. */
  decode(value: Uint8Array): Uint8Array;
}

/** Codecs of keys and values; both may do nothing. */
export interface KvCodecs {
  key: KvKeyCodec;
  value: KvPayloadCodec;
}

/** What of @nats-io/kv's options has an effect here. The others are refused, but for those that only describe. */
export interface KvOptions {
  /** Replication factor, 1 to 7. */
  replicas: number;
  /** Only 1: one version of a key is kept. */
  history: number;
  /** Milliseconds a key lives. */
  ttl: number;
  maxValueSize: number;
  /** Default deadline of a call in milliseconds. */
  timeout: number;
  codec: KvCodecs;
  /** Without effect: descriptions are not kept. */
  description: string;
  metadata: Record<string, string>;
  /** Without effect: reads are as their level says, values as they are. */
  allow_direct: boolean;
  compression: boolean;
  bindOnly: boolean;
  /** Refused unless left out or as without it: see docs/KV.md. */
  storage: string;
  max_bytes: number;
  markerTTL: number;
  mirror: unknown;
  sources: unknown;
  placement: unknown;
  republish: unknown;
  streamName: string;
}

/** What is known of a bucket. `size` is in bytes, `ttl` in milliseconds; 0 is no limit. */
export interface KvStatus {
  bucket: string;
  /** Keys that have a value. Counted by a scan of the bucket. */
  values: number;
  /** Bytes of keys and values, once. */
  size: number;
  replicas: number;
  history: number;
  /** Milliseconds; 0 for ever. */
  ttl: number;
  maxValueSize: number;
  max_bytes: number;
  markerTTL: number;
  description: string;
  storage: 'file';
  compression?: boolean;
  metadata?: Record<string, string>;
  /** Throws NotSupportedError: a bucket is no stream. */
  readonly streamInfo: StreamInfo;
}

/** What reads a bucket, as in `@nats-io/kv`. Reads are at the level given to `Kvm`, default QUORUM. */
export interface RoKV {
  /** The newest entry; a deleted key's has operation `DEL` until the delete is purged. Null for none. */
  get(key: string, options?: { revision: number }): Promise<KvEntry | null>;
  /** The newest entry of each key: one version is kept. */
  history(options?: { key?: string | string[] }): Promise<QueuedIterator<KvWatchEntry>>;
  /** What is there, unless `options` say otherwise, then every change as it comes, until the iterator is stopped. */
  watch(options?: KvWatchOptions): Promise<QueuedIterator<KvWatchEntry>>;
  /** The bucket's settings, and how much it holds. */
  status(): Promise<KvStatus>;
  /** Keys that have a value, each once; `filter` as of `watch`, default all. */
  keys(filter?: string | string[]): Promise<QueuedIterator<string>>;
}

/** What reads and writes a bucket, as in `@nats-io/kv`. `create` and `update` throw a NotSupportedError. */
export interface KV extends RoKV {
  /** @throws NotSupportedError until there is compare-and-set. */
  create(key: string, data: Payload, markerTTL?: string): Promise<number>;
  /** @throws NotSupportedError until there is compare-and-set. */
  update(key: string, data: Payload, version: number, timeout?: number): Promise<number>;
  /** @returns the revision. */
  put(key: string, data: Payload, options?: Partial<KvPutOptions>): Promise<number>;
  /** Takes patterns, too: then every key that fits is deleted, one by one. */
  delete(key: string, options?: Partial<KvDeleteOptions>): Promise<void>;
  /** As `delete`: there is no history to purge. */
  purge(key: string, options?: Partial<KvPurgeOptions>): Promise<void>;
  /** Drops the bucket. */
  destroy(): Promise<boolean>;
}

/** What @nats-io/kv does not have. */
export interface KvmOptions {
  /** Consistency level of every call, default the bucket's, which is QUORUM unless it says so. */
  level?: Level;
  /** `api` (default): nodes coordinate. `direct`: this process does. */
  mode?: 'api' | 'direct';
  /** The zone this process is in, where there are zones. */
  zone?: string;
}
