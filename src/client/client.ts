// What a client of the store can do. `connect` (connect.ts) makes one; api.ts and direct.ts are its two modes.

import type { DynatsError } from '../errors.js';
import type { OutcomeReport } from '../model/outcome.js';
import type {
  ClusterReply,
  GetReply,
  HintsReply,
  HintsRequest,
  Level,
  PutReply,
  RecordsReply,
  RecordsRequest,
  RepairReply,
  RequestsReply,
  RequestsRequest,
  StatusReply,
  TouchReply,
} from '../wire/generated/types.js';
import type { Buckets } from './buckets.js';
import type { Entry } from './entry.js';
import type { Got, Put } from './many.js';
import type { ScanOptions } from './scan.js';
import type { Watch, WatchOptions } from './watch/watch.js';

export interface RequestOptions {
  /** Consistency level, default the bucket's, which is QUORUM unless it says so. ANY is for writes only. */
  level?: Level;
  /** Bucket, default `default`. */
  bucket?: string;
  /** Deadline of the whole call, retries included, in milliseconds; default 2000. */
  timeoutMs?: number;
  /** Name of the node that coordinates; default any (api mode) or this client (direct mode). */
  via?: string;
  /** Token of a session, as a reply gave it; empty begins one. `Client.session` does this by itself. */
  session?: string;
  /** Whether the reply, or the error, is to carry a receipt: who answered what, and when. Default false. */
  trace?: boolean;
}

export interface PutOptions extends RequestOptions {
  /** How long the record lives, in milliseconds; default the bucket's, which is for ever unless it says so. */
  ttlMs?: number;
}

/** One operation of a batch. Text values are stored as text, bytes as bytes. */
export type Operation =
  | ({ op: 'put'; key: string | number; value: string | Uint8Array; ttlMs?: number } & Versioned)
  | ({ op: 'get'; key: string | number } & OperationOptions)
  | ({ op: 'delete'; key: string | number } & Versioned);

interface Versioned extends OperationOptions {
  /**
   * The version to write under, for whoever carries writes over from another store: `time` in microseconds since 1970, at most
   * ten minutes old; of two writes of a key the larger wins. Never use one twice for different content. Default: a new one.
   */
  version?: { time: number; writer: string };
}

export type OperationOptions = Pick<RequestOptions, 'bucket' | 'level' | 'session' | 'trace'>;

/** What became of one operation: a PutReply for put and delete, a GetReply for get, or why it failed. */
export type Outcome = PutReply | GetReply | DynatsError;

/**
 * Calls that belong together. Within a session a read returns what the session last wrote or read of the key, or something
 * newer, at every level and through every coordinator; when no owner that answers has that, it is a ReadTimeoutError.
 * A write that was not acknowledged is no part of the session, nor is what runs at the same time.
 */
export interface Session extends Pick<Client, 'put' | 'get' | 'delete' | 'read'> {
  /** What the session has seen, for whoever goes on with it: `client.session(token)`, the `session` of a request. */
  readonly token: string;
}

export interface Client extends AsyncDisposable {
  /**
   * Stores `value` under `key` and resolves once `level` owners have it in their durable logs.
   *
   * @param key 1 to 1024 bytes of UTF-8; a number means its decimal string.
   * @param value text, or bytes; at most 512 KiB.
   * @throws UnavailableError too few owners alive; nothing was sent.
   * @throws WriteTimeoutError too few acks in time; the write may still surface.
   * @throws InvalidRequestError names the field at fault.
   */
  put(key: string | number, value: string | Uint8Array, options?: PutOptions): Promise<PutReply>;

  /**
   * The newest record among the owners that `level` asks, or `undefined` when the key is absent or deleted.
   *
   * @throws UnavailableError too few owners alive.
   * @throws ReadTimeoutError too few answers, or too few acks of a repair, in time.
   */
  get(key: string | number, options?: RequestOptions): Promise<Entry | undefined>;

  /** Deletes `key`: stores a tombstone at `level`. Deleting an absent key is no error. Throws as `put` does. */
  delete(key: string | number, options?: RequestOptions): Promise<PutReply>;

  /**
   * Makes a record that expires live on: `ttlMs` from now, default the bucket's. Never shortens its life, and keeps its
   * version, so that it cannot undo a newer write. `found` is false for a key that is absent, deleted or has expired.
   *
   * @throws InvalidRequestError when neither `ttlMs` nor the bucket says how long; else as `put` does.
   */
  touch(key: string | number, options?: PutOptions): Promise<TouchReply>;

  /** Lists, makes, changes and drops buckets. */
  readonly buckets: Buckets;

  /** `get`, with how many owners answered and, for a deleted key, the tombstone's version. */
  read(key: string | number, options?: RequestOptions): Promise<GetReply>;

  /** Many operations at once, each with an outcome of its own, in the order given; none is thrown. */
  batch(operations: readonly Operation[], options?: RequestOptions): Promise<Outcome[]>;

  /** Reads many keys: each an entry, undefined where it is absent, or why it failed; in the order given, none is thrown. */
  getMany(keys: Iterable<string | number>, options?: RequestOptions): Promise<Got[]>;

  /** Stores many keys, each a write of its own: a reply or why it failed, in the order given; none is thrown. */
  putMany(
    entries: Iterable<readonly [key: string | number, value: string | Uint8Array]>,
    options?: PutOptions,
  ): Promise<Put[]>;

  /**
   * The keys of a bucket with their values, in the order of the keys' UTF-8 bytes. Pages are read as they are wanted, each with
   * the guarantee of a read at `level` for each of its keys; what is written behind it meanwhile is not seen.
   *
   * `timeoutMs` is the deadline of each page.
   *
   * @throws UnavailableError too few owners of some keys alive.
   * @throws ReadTimeoutError too few answers, or too few acks of a repair, in time.
   */
  scan(options?: ScanOptions): AsyncIterableIterator<Entry>;

  /** The keys alone: as `scan`, but no values travel. */
  keys(options?: ScanOptions): AsyncIterableIterator<string>;
  /** Begins a session, or goes on with the one that `token` is of. */
  session(token?: string): Session;

  /**
   * What is there and every newer version of the keys that begin with `prefix`, deletes too, each once and each key's in order,
   * until it is stopped. Resolves when it has begun.
   *
   * @throws UnavailableError no node answers; InvalidRequestError names the field at fault.
   */
  watch(options?: WatchOptions): Promise<Watch>;

  /** The cluster's definition and which nodes are there, as the first node that answers sees it. */
  cluster(options?: { timeoutMs?: number }): Promise<ClusterReply>;

  /** What `node` says of itself. Rejects with UnavailableError when it is not there. */
  status(node: string, options?: { timeoutMs?: number }): Promise<StatusReply>;

  /** A page of what `node` holds in memory, in key order. Rejects with UnavailableError when it is not there. */
  records(node: string, request?: RecordsRequest, options?: { timeoutMs?: number }): Promise<RecordsReply>;

  /**
   * Has `node` compare all it owns with every other owner, and repair what differs on either side. Resolves when it is done.
   *
   * @param options.dryRun only count what differs.
   * @param options.timeoutMs default 10 minutes; the node goes on when nobody waits any more.
   * @throws UnavailableError when the node is not there, or not done in time.
   */
  repair(node: string, options?: { dryRun?: boolean; timeoutMs?: number }): Promise<RepairReply>;

  /**
   * Where a write stands whose outcome is unknown: on which owners, hinted for whom, superseded, or nowhere. Asks every node.
   *
   * @param version as the error or its receipt has it.
   */
  outcome(
    key: string | number,
    version: string,
    options?: { bucket?: string; timeoutMs?: number },
  ): Promise<OutcomeReport>;

  /** The hints that `node` holds, after it did what is asked. Rejects with UnavailableError when it is not there. */
  hints(node: string, request?: HintsRequest, options?: { timeoutMs?: number }): Promise<HintsReply>;

  /**
   * How `node` has coordinated: counters since it started, and receipts of some requests, which it takes for ten seconds after
   * it was asked. Rejects with UnavailableError when it is not there.
   */
  requests(node: string, request?: RequestsRequest, options?: { timeoutMs?: number }): Promise<RequestsReply>;

  /** Waits for what is under way, then closes the connection. */
  close(): Promise<void>;
}
