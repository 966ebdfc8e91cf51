// Keys that are written once each, and an account of every write: what was acknowledged must be there in the end.
import type { Store } from '../../src/cli/bench/load.js';

/** Of the operations so many are reads of a key whose write was acknowledged before. */
const readShare = 0.1;
const failurePauseMs = 10;
const readAttempts = 20;
const retryPauseMs = 250;
const readsOfMissing = 10;

export interface Account {
  operations: number;
  acknowledged: number;
  failed: number;
  /** Reads that did not find what had been acknowledged before they began. */
  stale: number;
  /** Longest time without any success, in milliseconds. */
  unavailableMs: number;
}

export interface Losses {
  /** Not found by any of several reads. */
  readonly lost: number;
  /** Found by some reads and not by others. */
  readonly flickering: number;
  /** Keys that could not be read at all. */
  readonly unreadable: number;
}

export class SetLoad {
  readonly account: Account = { operations: 0, acknowledged: 0, failed: 0, stale: 0, unavailableMs: 0 };
  /** Numbers of the keys whose write was acknowledged. */
  private readonly acknowledged: number[] = [];
  private next = 0;
  private running = true;
  private successAtMs = performance.now();
  private readonly done: Promise<unknown>;

  /** @param stores each has the same share of the callers. */
  constructor(
    private readonly stores: readonly Store[],
    callers: number,
  ) {
    this.done = Promise.all(Array.from({ length: callers }, (_, caller) => this.work(caller)));
  }

  /** Resolves when so many writes have been acknowledged. */
  async until(acknowledged: number, limitMs: number): Promise<void> {
    const end = performance.now() + limitMs;
    while (this.account.acknowledged < acknowledged) {
      if (performance.now() > end)
        throw new Error(`${this.account.acknowledged} of ${acknowledged} writes were acknowledged in time`);
      await pause(20);
    }
  }

  /** Resolves when a write that begins from now on has succeeded, or after the limit; to whether it has. */
  async answers(limitMs: number): Promise<boolean> {
    const fromMs = performance.now();
    while (this.successAtMs <= fromMs) {
      if (performance.now() > fromMs + limitMs) return false;
      await pause(20);
    }
    return true;
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.done;
    this.noteGap();
  }

  /** Reads every acknowledged key. */
  async losses(callers: number): Promise<Losses> {
    let next = 0;
    let lost = 0;
    let unreadable = 0;
    let flickering = 0;
    const work = async (caller: number) => {
      for (let at = next++; at < this.acknowledged.length; at = next++) {
        const number = this.acknowledged[at] ?? 0;
        const found = await this.readPatiently(caller, number);
        if (found === 'unreadable') unreadable++;
        else if (found !== textOf(number))
          if (await this.isFoundAgain(caller, number)) flickering++;
          else lost++;
      }
    };
    unreadable += await this.unreadableOf(0);
    if (unreadable > 0) return { lost, flickering, unreadable: this.acknowledged.length };
    await Promise.all(Array.from({ length: callers }, (_, caller) => work(caller)));
    return { lost, flickering, unreadable };
  }

  private async work(caller: number): Promise<void> {
    const store = this.storeOf(caller);
    while (this.running) {
      try {
        if (Math.random() < readShare && this.acknowledged.length > 0) await this.read(store);
        else await this.write(store);
        this.noteGap();
      } catch {
        this.account.failed++;
        await pause(failurePauseMs);
      }
      this.account.operations++;
    }
  }

  private async write(store: Store): Promise<void> {
    const number = this.next++;
    await store.put(keyOf(number), textOf(number));
    this.acknowledged.push(number);
    this.account.acknowledged++;
  }

  private async read(store: Store): Promise<void> {
    // The newest are those that may be missing.
    const back = Math.floor(Math.random() ** 4 * this.acknowledged.length);
    const number = this.acknowledged[this.acknowledged.length - 1 - back] ?? 0;
    if ((await store.get(keyOf(number))) !== textOf(number)) this.account.stale++;
  }

  /** One replica may lack what the others have, and each read may ask another. */
  private async isFoundAgain(caller: number, number: number): Promise<boolean> {
    for (let read = 0; read < readsOfMissing; read++)
      if ((await this.readPatiently(caller + read, number)) === textOf(number)) return true;
    return false;
  }

  /** Of a store that answers nothing it need not be asked for every key: 1 when it does not answer for that one. */
  private async unreadableOf(at: number): Promise<number> {
    return (await this.readPatiently(0, this.acknowledged[at] ?? 0)) === 'unreadable' ? 1 : 0;
  }

  /** A store that is not there is no loss: it may come back. */
  private async readPatiently(caller: number, number: number): Promise<string | undefined> {
    for (let attempt = 0; attempt < readAttempts; attempt++)
      try {
        return await this.storeOf(caller + attempt).get(keyOf(number));
      } catch {
        await pause(retryPauseMs);
      }
    return 'unreadable';
  }

  private storeOf(caller: number): Store {
    const store = this.stores[caller % this.stores.length];
    if (store === undefined) throw new Error('there is no store to put load on');
    return store;
  }

  private noteGap(): void {
    const now = performance.now();
    this.account.unavailableMs = Math.max(this.account.unavailableMs, now - this.successAtMs);
    this.successAtMs = now;
  }
}

function keyOf(number: number): string {
  return `key-${number}`;
}

function textOf(number: number): string {
  return `value-${number}`.padEnd(100, '.');
}

function pause(ms: number): Promise<void> {
  return new Promise(done => setTimeout(done, ms));
}
