// A closed loop: so many operations under way at any time, each answer checked, latencies in a histogram.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { chooser, type Distribution, keyOf } from './keys.js';
import type { Values } from './values.js';

/** What is measured: a key-value store, whoever's. */
export interface Store {
  put(key: string, value: string): Promise<unknown>;
  /** Undefined when the key is absent. */
  get(key: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export const Kind = { Put: 'put', Get: 'get', Mixed: 'mixed' } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export interface LoadSpec {
  kind: Kind;
  concurrency: number;
  /** Before the measuring starts, in milliseconds. */
  warmupMs: number;
  measureMs: number;
  keys: number;
  distribution: Distribution;
}

export interface LoadResult {
  /** Operations answered well within the time measured. */
  count: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Longest time without any success, in milliseconds. */
  gapMs: number;
  /** The times without any success that were long, in the order of time; of several processes one after another. */
  gaps: Gap[];
  failed: number;
  /** Answers that no write can have led to, and keys not found that are there. */
  wrong: number;
  /** The first few failures and wrong answers. */
  problems: string[];
  /** CPU time of this process for each operation, in microseconds. */
  cpuMicros: number;
}

/** A time without any success. */
export interface Gap {
  /** In milliseconds since the epoch: another process made the fault that it may come from. */
  endedAt: number;
  ms: number;
}

const problemsMax = 5;
/** Of the times without a success, those of at least so many milliseconds are kept, and so many of them. */
const gapKeptMs = 5;
const gapsMax = 2000;
const microsPerMs = 1000;
const longestMicros = 600_000_000;
/** After a failure, in milliseconds: a store that is down must not be asked in a loop that starves this process. */
const failurePauseMs = 1;

/**
 * Runs the load. All keys are there before (`fill`).
 *
 * @param stopped ends it early.
 */
export async function runLoad(
  stores: readonly Store[],
  values: Values,
  spec: LoadSpec,
  stopped?: AbortSignal,
): Promise<LoadResult> {
  const run = new Run(stores, values, spec, stopped);
  return run.result();
}

class Run {
  private readonly histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: longestMicros });
  private readonly next: () => number;
  private readonly beginsAtMs: number;
  private readonly endsAtMs: number;
  private successAtMs = 0;
  private gapMs = 0;
  private readonly gaps: Gap[] = [];
  private failed = 0;
  private wrong = 0;
  private readonly problems: string[] = [];
  private cpuAtStart = process.cpuUsage();

  constructor(
    private readonly stores: readonly Store[],
    private readonly values: Values,
    private readonly spec: LoadSpec,
    private readonly stopped: AbortSignal | undefined,
  ) {
    this.next = chooser(spec.distribution, spec.keys);
    this.beginsAtMs = performance.now() + spec.warmupMs;
    this.endsAtMs = this.beginsAtMs + spec.measureMs;
    this.successAtMs = this.beginsAtMs;
  }

  async result(): Promise<LoadResult> {
    const timer = setTimeout(() => {
      this.cpuAtStart = process.cpuUsage();
    }, this.spec.warmupMs);
    await Promise.all(Array.from({ length: this.spec.concurrency }, (_, worker) => this.work(worker)));
    clearTimeout(timer);
    const { user, system } = process.cpuUsage(this.cpuAtStart);
    const { histogram } = this;
    const tookMs = Math.min(performance.now(), this.endsAtMs) - this.beginsAtMs;
    this.noteGap(this.beginsAtMs + tookMs);
    return {
      count: histogram.count,
      perSecond: (1000 * histogram.count) / tookMs,
      p50Ms: histogram.percentile(50) / microsPerMs,
      p99Ms: histogram.percentile(99) / microsPerMs,
      maxMs: histogram.count === 0 ? 0 : histogram.max / microsPerMs,
      gapMs: this.gapMs,
      gaps: this.gaps,
      failed: this.failed,
      wrong: this.wrong,
      problems: this.problems,
      cpuMicros: (user + system) / Math.max(1, histogram.count),
    };
  }

  private async work(worker: number): Promise<void> {
    const store = this.stores[worker % this.stores.length];
    if (store === undefined) throw new Error('there is no store to put load on');
    const { kind } = this.spec;
    let isPut = kind === 'put' || (kind === 'mixed' && worker % 2 === 0);
    for (;;) {
      const begunAtMs = performance.now();
      if (begunAtMs >= this.endsAtMs || this.stopped?.aborted === true) return;
      const key = keyOf(this.next());
      try {
        if (isPut) await store.put(key, this.values.next(key));
        else this.check(key, await store.get(key));
        this.succeeded(begunAtMs);
      } catch (error) {
        this.failed++;
        this.note(`${isPut ? 'put' : 'get'} ${key}: ${String(error)}`);
        await new Promise(done => setTimeout(done, failurePauseMs));
      }
      if (kind === 'mixed') isPut = !isPut;
    }
  }

  private succeeded(begunAtMs: number): void {
    const now = performance.now();
    if (now < this.beginsAtMs || now > this.endsAtMs) return;
    this.histogram.record(Math.max(1, Math.round((now - begunAtMs) * microsPerMs)));
    this.noteGap(now);
  }

  private noteGap(now: number): void {
    const gapMs = now - this.successAtMs;
    if (gapMs > this.gapMs) this.gapMs = gapMs;
    if (gapMs >= gapKeptMs && this.gaps.length < gapsMax)
      this.gaps.push({ endedAt: performance.timeOrigin + now, ms: gapMs });
    this.successAtMs = now;
  }

  private check(key: string, value: string | undefined): void {
    if (value !== undefined && this.values.isOf(key, value)) return;
    this.wrong++;
    this.note(`wrong answer for ${key}: ${value === undefined ? 'absent' : value.slice(0, 80)}`);
  }

  private note(problem: string): void {
    if (this.problems.length < problemsMax) this.problems.push(problem);
  }
}

/** Writes every key in `from <= index < to` once, with so many writes under way. Rejects when one fails twice. */
export async function fill(
  store: Store,
  values: Values,
  options: { from: number; to: number; concurrency: number; stopped?: AbortSignal },
): Promise<void> {
  const { to, concurrency, stopped } = options;
  let index = options.from;
  const work = async () => {
    while (index < to && stopped?.aborted !== true) {
      const key = keyOf(index++);
      await store.put(key, values.next(key));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}
