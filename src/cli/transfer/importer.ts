// Sends entries to the store, many at a time, and settles each: done, or failed for good, or failed for now.
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

export interface PumpOptions {
  /** Undefined when it is the bucket's to say. */
  level: Level | undefined;
  bucket: string;
  /** Operations in flight. */
  concurrency: number;
  /** Told of each entry, in any order; the pump waits for it. */
  onSettled: (index: number, entry: Entry, failure: DynatsError | undefined) => Promise<void>;
}

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

  constructor(
    private readonly client: Pick<Client, 'batch'>,
    private readonly options: PumpOptions,
  ) {
    this.batchSize = Math.min(batchMax, Math.max(1, Math.floor(options.concurrency / 4)));
  }

  async add(index: number, entry: Entry): Promise<void> {
    if (this.keysUnderWay.has(entry.key)) await this.drain();
    this.keysUnderWay.add(entry.key);
    this.waiting.push({ index, entry });
    if (this.waiting.length >= this.batchSize) await this.send();
  }

  /** Sends what waits and returns once all of it is settled. */
  async drain(): Promise<void> {
    if (this.waiting.length > 0) await this.send();
    while (this.running.size > 0) await Promise.race(this.running);
    this.rethrow();
  }

  private async send(): Promise<void> {
    const items = this.waiting;
    this.waiting = [];
    while ((this.running.size + 1) * this.batchSize > Math.max(this.options.concurrency, this.batchSize))
      await Promise.race(this.running);
    this.rethrow();
    const run: Promise<void> = this.settle(items)
      .catch(error => {
        this.broken ??= { error };
      })
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }

  private rethrow(): void {
    if (this.broken !== undefined) throw this.broken.error;
  }

  private async settle(items: readonly Item[]): Promise<void> {
    let rest = items;
    for (let attempt = 0; rest.length > 0; attempt++) {
      const outcomes = await this.client.batch(rest.map(item => this.operation(item)));
      const again: Item[] = [];
      for (const [i, item] of rest.entries()) {
        const failure = failureOf(outcomes[i]);
        if (failure?.code === ErrorCode.Overloaded && attempt < overloadedRetries) again.push(item);
        else await this.settled(item, failure);
      }
      rest = again;
      if (rest.length > 0) await delay(overloadedDelayMs * 2 ** attempt);
    }
  }

  private operation({ entry }: Item): Operation {
    const { level, bucket } = this.options;
    return {
      op: 'put',
      key: entry.key,
      value: entry.value,
      bucket,
      ...(level === undefined ? {} : { level }),
    };
  }

  private async settled({ index, entry }: Item, failure: DynatsError | undefined): Promise<void> {
    this.keysUnderWay.delete(entry.key);
    await this.options.onSettled(index, entry, failure);
  }
}

function failureOf(outcome: Outcome | undefined): DynatsError | undefined {
  if (outcome instanceof DynatsError) return outcome;
  if (outcome === undefined) throw new Error('the client gave fewer outcomes than operations');
  return undefined;
}
