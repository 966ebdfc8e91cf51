// Sends entries to the store, many at a time, and settles each: stored, expired before it could be, or failed.
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Operation, Outcome } from '../../client/client.js';
import { DynatsError, ErrorCode } from '../../errors.js';
import type { Level } from '../../model/level.js';
import type { Entry } from './entry.js';

/** Operations handed to the client in one call. */
const batchMax = 256;
/** An OVERLOADED operation was not sent and is tried again, waiting twice as long each time. */
const overloadedRetries = 6;
const overloadedDelayMs = 25;
/** A pipe that stays open and says nothing for so long has its entries stored, though they fill no batch. */
const silenceMs = 1000;

export interface PumpOptions {
  /** Undefined when it is the bucket's to say. */
  level: Level | undefined;
  bucket: string;
  /** Operations in flight. */
  concurrency: number;
  /** The nodes' clock in milliseconds, by which entries that expire do; asked only when there are such. */
  nowMs: () => number;
  /** Told of each entry, in any order; the pump waits for it. */
  onSettled: (index: number, entry: Entry, settled: Settled) => Promise<void>;
  /** Told when nothing more will be settled, which the next call throws: nobody calls while a pipe is silent. */
  onBroken?: () => void;
}

/** What became of an entry; an error when it failed. One whose life is over is not sent. */
export type Settled = 'stored' | 'expired' | DynatsError;

interface Item {
  index: number;
  entry: Entry;
}

/** Two entries of one key are never in flight together, so the later line of a file wins. */
export class Pump {
  private readonly batchSize: number;
  private readonly running = new Set<Promise<void>>();
  private readonly keysUnderWay = new Set<string>();
  private waiting: Item[] = [];
  private broken: { error: unknown } | undefined;
  private silence: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: Pick<Client, 'batch'>,
    private readonly options: PumpOptions,
  ) {
    this.batchSize = Math.min(batchMax, Math.max(1, Math.floor(options.concurrency / 4)));
  }

  async add(index: number, entry: Entry): Promise<void> {
    clearTimeout(this.silence);
    if (this.keysUnderWay.has(entry.key)) await this.drain();
    this.keysUnderWay.add(entry.key);
    this.waiting.push({ index, entry });
    if (this.waiting.length >= this.batchSize) return this.send();
    this.silence = setTimeout(() => void this.send().catch(() => this.options.onBroken?.()), silenceMs);
  }

  /** Sends what waits and returns once all of it is settled. */
  async drain(): Promise<void> {
    clearTimeout(this.silence);
    if (this.waiting.length > 0) await this.send();
    while (this.running.size > 0) await Promise.race(this.running);
    this.throwIfBroken();
  }

  private async send(): Promise<void> {
    const items = this.waiting;
    this.waiting = [];
    while ((this.running.size + 1) * this.batchSize > Math.max(this.options.concurrency, this.batchSize))
      await Promise.race(this.running);
    this.throwIfBroken();
    const run: Promise<void> = this.settle(items)
      .catch(error => {
        this.broken ??= { error };
        this.options.onBroken?.();
      })
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }

  /** @throws what made settling impossible. */
  throwIfBroken(): void {
    if (this.broken !== undefined) throw this.broken.error;
  }

  private async settle(items: readonly Item[]): Promise<void> {
    let rest = items;
    for (let attempt = 0; rest.length > 0; attempt++) {
      const living: Item[] = [];
      for (const item of rest)
        if (this.leftMs(item) > 0) living.push(item);
        else await this.settled(item, 'expired');
      if (living.length === 0) return;
      const outcomes = await this.client.batch(living.map(item => this.operation(item)));
      const again: Item[] = [];
      for (const [i, item] of living.entries()) {
        const failure = failureOf(outcomes[i]);
        if (failure?.code === ErrorCode.Overloaded && attempt < overloadedRetries) again.push(item);
        else await this.settled(item, failure ?? 'stored');
      }
      rest = again;
      if (rest.length > 0) await delay(overloadedDelayMs * 2 ** attempt);
    }
  }

  /** What is left of the entry's life, in milliseconds. */
  private leftMs({ entry: { expiresAtMs } }: Item): number {
    if (expiresAtMs === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor(expiresAtMs - this.options.nowMs());
  }

  private operation(item: Item): Operation {
    const { level, bucket } = this.options;
    const { key, value, expiresAtMs } = item.entry;
    // It was just seen to be alive; a millisecond may have passed since.
    const ttl = expiresAtMs === undefined ? {} : { ttlMs: Math.max(1, this.leftMs(item)) };
    return { op: 'put', key, value, bucket, ...ttl, ...(level === undefined ? {} : { level }) };
  }

  private async settled({ index, entry }: Item, settled: Settled): Promise<void> {
    this.keysUnderWay.delete(entry.key);
    await this.options.onSettled(index, entry, settled);
  }
}

function failureOf(outcome: Outcome | undefined): DynatsError | undefined {
  if (outcome instanceof DynatsError) return outcome;
  if (outcome === undefined) throw new Error('the client gave fewer outcomes than operations');
  return undefined;
}
