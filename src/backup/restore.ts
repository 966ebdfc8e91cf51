// Restores a backup into a bucket that is empty, or beside what is there: whatever is newer than the backup stays.
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Operation } from '../client/client.js';
import { DynatsError, ErrorCode } from '../errors.js';
import { compareKeys } from '../model/key-order.js';
import { Level } from '../model/level.js';
import type { BackupHeader } from '../wire/generated/types.js';
import { KEY_BYTES_MAX } from '../wire/limits.js';
import { DEFAULT_BUCKET } from '../wire/requests.js';
import { BackupError } from './backup-error.js';
import { decide, type Held, type Moment, type Step, writerOf } from './decide.js';
import { type BackupRecord, readBackup, type Verified, verifyBackup } from './read.js';

export interface RestoreOptions {
  readonly file: string;
  /** Default the one it was taken of. Made, with the settings in the file, when it does not exist. */
  readonly bucket?: string | undefined;
  /** The bucket may hold other things already. Default false: then it must be empty, or hold what an earlier run restored. */
  readonly merge?: boolean;
  /** Deadline of each page and write in milliseconds; default 10000. */
  readonly timeoutMs?: number;
  readonly onProgress?: (bytesRead: number, records: number, failed: number) => void;
  /** Ends it after the blocks under way. What is restored stays; a further run goes on. */
  readonly signal?: AbortSignal | undefined;
}

export interface Restored {
  readonly header: BackupHeader;
  readonly bucket: string;
  /** How often each was done. */
  readonly counts: Readonly<Record<Step['do'], number>>;
  readonly failures: readonly { readonly key: string; readonly error: DynatsError }[];
  readonly failed: number;
}

const TIMEOUT_MS = 10_000;
const BLOCKS_IN_FLIGHT = 4;
const PAGE_KEYS = 4096;
const FAILURES_KEPT = 20;
/**
 * Restored records are this much older than the moment at which the bucket is looked at, in milliseconds: longer than a write
 * and its retries take, shorter than nodes still take a version.
 */
const BEHIND_MS = 300_000;
const OVERLOADED_RETRIES = 6;
const OVERLOADED_DELAY_MS = 25;

/**
 * The whole file is checked before anything is written.
 *
 * @throws BackupError when the file is damaged, or the bucket is not empty and `merge` is not set.
 */
export async function restoreBackup(client: Client, options: RestoreOptions): Promise<Restored> {
  const verified = await verifyBackup(options.file);
  return new Restore(client, options, verified).run();
}

class Restore {
  private readonly header: BackupHeader;
  private readonly bucket: string;
  private readonly writer: string;
  private readonly timeoutMs: number;
  private readonly counts = { restore: 0, delete: 0, already: 0, newer: 0, expired: 0, nothing: 0 };
  private readonly failures: { key: string; error: DynatsError }[] = [];
  private failed = 0;
  /** By the nodes' clocks, in microseconds since 1970. */
  private nodesNow = () => 0;
  private behind = 0;
  /** No two records are written under one version. */
  private issued = 0;

  constructor(
    private readonly client: Client,
    private readonly options: RestoreOptions,
    { header }: Verified,
  ) {
    this.header = header;
    this.bucket = options.bucket ?? header.bucket;
    this.writer = writerOf(header.id);
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  async run(): Promise<Restored> {
    await this.setClock();
    const isMade = await this.openBucket();
    const isResumed = this.options.merge !== true && (await this.refuseOthers());
    const running = new Set<Promise<void>>();
    let records = 0;
    for await (const part of readBackup(this.options.file)) {
      if (this.options.signal?.aborted === true) break;
      const block: Promise<void> = this.block(part.records).finally(() => running.delete(block));
      // Awaited below, or by the last line of this function.
      block.catch(() => {});
      running.add(block);
      if (running.size >= BLOCKS_IN_FLIGHT) await Promise.race(running);
      records += part.records.length;
      this.options.onProgress?.(part.bytesRead, records, this.failed);
    }
    await Promise.all(running);
    const { header, counts, failures, failed } = this;
    if ((isMade || isResumed) && this.options.signal?.aborted !== true) await this.finishBucket();
    return { header, bucket: this.bucket, counts, failures, failed };
  }

  /** Learns the nodes' clock, and how long they let a write be under way. */
  private async setClock(): Promise<void> {
    const { now, peers } = await this.client.cluster();
    const heardAt = performance.now();
    this.nodesNow = () => Math.floor((now + performance.now() - heardAt) * 1000);
    const nodes = await Promise.all(peers.map(({ node }) => this.client.status(node).catch(() => undefined)));
    const purgeAfterMs = nodes.flatMap(status => status?.purge?.afterMs ?? []);
    this.behind = Math.floor(Math.min(BEHIND_MS, ...purgeAfterMs.map(ms => ms / 3)) * 1000);
  }

  /** Makes the bucket unless it is there, without what would change, or refuse, the records it is to hold. */
  private async openBucket(): Promise<boolean> {
    const { settings } = this.header;
    const known = await this.client.buckets.list();
    if (known.some(({ name }) => name === this.bucket)) return false;
    const { ttlMs: _, valueBytesMax: __, ...lasting } = settings;
    try {
      await this.client.buckets.create(this.bucket, lasting);
      return true;
    } catch (cause) {
      if (!(cause instanceof DynatsError) || cause.code !== ErrorCode.InvalidRequest) throw cause;
      throw new BackupError(
        `bucket ${this.bucket} cannot be made as it was (${cause.message}): make it with dynats bucket create, then restore into it`,
        { cause },
      );
    }
  }

  /** What was left out while records were stored. */
  private async finishBucket(): Promise<void> {
    const { ttlMs, valueBytesMax } = this.header.settings;
    const left = {
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(valueBytesMax === undefined ? {} : { valueBytesMax }),
    };
    if (this.bucket !== DEFAULT_BUCKET && Object.keys(left).length > 0)
      await this.client.buckets.set(this.bucket, left);
  }

  /**
   * Whether an earlier run has restored something.
   *
   * @throws BackupError when the bucket holds what is not of this backup.
   */
  private async refuseOthers(): Promise<boolean> {
    let isResumed = false;
    for await (const { records } of this.pages({}))
      for (const { key, version } of records) {
        if (!version.endsWith(`@${this.writer}`))
          throw new BackupError(
            `bucket ${this.bucket} is not empty (it has ${JSON.stringify(key.slice(0, 80))}): restore into a new bucket with --bucket NAME, or beside what is there with --merge, which keeps whatever is newer than the backup`,
          );
        isResumed = true;
      }
    return isResumed;
  }

  private async block(records: readonly BackupRecord[]): Promise<void> {
    // Before the bucket is looked at: what is written from now on must be newer than what this writes.
    const now = this.nodesNow();
    const moment: Moment = { now, base: now - this.behind };
    const held = await this.heldOf(records);
    const operations: Operation[] = [];
    for (const record of records) {
      const step = decide(record, held.get(record.key), this.writer, this.next(moment));
      if (step.do === 'restore' || step.do === 'delete') operations.push(this.operation(record, step));
      else this.counts[step.do]++;
    }
    await this.write(operations);
  }

  private next(moment: Moment): Moment {
    this.issued = Math.max(this.issued + 1, moment.base);
    return { ...moment, base: Math.min(this.issued, moment.now) };
  }

  private operation(record: BackupRecord, { do: what, time }: { do: string; time: number }): Operation {
    const { key, value, base64, expiresAt } = record;
    const { bucket } = this;
    const common = { key, bucket, level: Level.Quorum, version: `${time}@${this.writer}` };
    if (what === 'delete') return { op: 'delete', ...common };
    const ttl = expiresAt === undefined ? {} : { ttlMs: Math.ceil((expiresAt - time) / 1000) };
    return { op: 'put', value: value ?? Buffer.from(base64 ?? '', 'base64'), ...common, ...ttl };
  }

  /** Which versions the bucket holds of the keys, by a quorum read of each. */
  private async heldOf(records: readonly BackupRecord[]): Promise<Map<string, Held>> {
    const held = new Map<string, Held>();
    const first = records[0]?.key;
    const last = records.at(-1)?.key;
    if (first === undefined || last === undefined) return held;
    // The next key that there may be.
    const to = Buffer.byteLength(last) < KEY_BYTES_MAX ? { to: `${last}\0` } : {};
    for await (const page of this.pages({ from: first, ...to })) {
      for (const { key, version, deleted } of page.records)
        held.set(key, { version, ...(deleted === true ? { deleted } : {}) });
      const lastHeld = page.records.at(-1)?.key;
      if (lastHeld !== undefined && compareKeys(lastHeld, last) >= 0) break;
    }
    return held;
  }

  private pages(range: { from?: string; to?: string }) {
    const { bucket, timeoutMs } = this;
    const level = Level.Quorum;
    return this.client.scanPages({
      ...range,
      bucket,
      level,
      timeoutMs,
      keysOnly: true,
      deleted: true,
      pageSize: PAGE_KEYS,
    });
  }

  private async write(operations: readonly Operation[]): Promise<void> {
    let rest = operations;
    for (let attempt = 0; rest.length > 0; attempt++) {
      const outcomes = await this.client.batch(rest, { timeoutMs: this.timeoutMs });
      const again: Operation[] = [];
      for (const [i, operation] of rest.entries()) {
        const outcome = outcomes[i];
        if (!(outcome instanceof DynatsError)) this.counts[operation.op === 'put' ? 'restore' : 'delete']++;
        else if (outcome.code === ErrorCode.Overloaded && attempt < OVERLOADED_RETRIES) again.push(operation);
        else this.fail(String(operation.key), outcome);
      }
      rest = again;
      if (rest.length > 0) await delay(OVERLOADED_DELAY_MS * 2 ** attempt);
    }
  }

  private fail(key: string, error: DynatsError): void {
    this.failed++;
    if (this.failures.length < FAILURES_KEPT) this.failures.push({ key, error });
  }
}
