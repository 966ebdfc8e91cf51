// Virtual time: nothing happens but what was scheduled, in order of time and then of scheduling.
import type { Clock, Timer } from '../../src/ports.js';

interface Scheduled {
  atMs: number;
  order: number;
  task: () => void;
}

/** A binary heap of what is scheduled, the earliest on top. */
class Agenda {
  private readonly heap: Scheduled[] = [];

  get size(): number {
    return this.heap.length;
  }

  get next(): Scheduled | undefined {
    return this.heap[0];
  }

  push(item: Scheduled): void {
    const { heap } = this;
    heap.push(item);
    let i = heap.length - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(heap[i], heap[parent])) break;
      swap(heap, i, parent);
      i = parent;
    }
  }

  pop(): Scheduled | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    heap[0] = last;
    let i = 0;
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (before(heap[child], heap[least])) least = child;
      if (least === i) return top;
      swap(heap, i, least);
      i = least;
    }
  }
}

function before(a: Scheduled | undefined, b: Scheduled | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function swap(heap: Scheduled[], i: number, j: number): void {
  const held = heap[i];
  const other = heap[j];
  if (held === undefined || other === undefined) return;
  heap[i] = other;
  heap[j] = held;
}

/** 2026-01-01, so that times look like times. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

export class VirtualClock implements Clock {
  private readonly agenda = new Agenda();
  private elapsedMs = 0;
  private scheduled = 0;

  now(): number {
    return EPOCH_MS + Math.floor(this.elapsedMs);
  }

  monotonic(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, task: () => void): Timer {
    const item = { atMs: this.elapsedMs + Math.max(0, delayMs), order: this.scheduled++, task };
    this.agenda.push(item);
    return {
      cancel: () => {
        item.task = () => {};
      },
    };
  }

  /** What waits for its time, cancelled or not. */
  get scheduledCount(): number {
    return this.agenda.size;
  }

  /** A clock on the same time, but set `offsetMs` ahead of it. */
  skewed(offsetMs: () => number): Clock {
    return {
      now: () => Math.floor(this.now() + offsetMs()),
      monotonic: () => this.monotonic(),
      after: (delayMs, task) => this.after(delayMs, task),
    };
  }

  /** Lets `ms` pass. After each task all promises that can settle do. */
  async advance(ms: number): Promise<void> {
    const until = this.elapsedMs + ms;
    for (;;) {
      const { next } = this.agenda;
      if (next === undefined || next.atMs > until) break;
      this.agenda.pop();
      this.elapsedMs = Math.max(this.elapsedMs, next.atMs);
      next.task();
      await settle();
    }
    this.elapsedMs = until;
    await settle();
  }

  /** Lets time pass until `promise` is settled, at most `limitMs`. */
  async until<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let isSettled = false;
    const done = () => {
      isSettled = true;
    };
    promise.then(done, done);
    await settle();
    const end = this.elapsedMs + limitMs;
    while (!isSettled) {
      const { next } = this.agenda;
      if (next === undefined || next.atMs > end)
        throw new Error(`nothing settled it within ${limitMs} ms of virtual time`);
      await this.advance(next.atMs - this.elapsedMs);
    }
    return promise;
  }
}

/** So often the event loop gets a turn, so that a run can be stopped and its output seen. */
const SETTLES_PER_TURN = 5000;
let settles = 0;

/**
 * Every microtask queued so far has run when this resolves, and those they queued: Node runs a tick only when no microtask
 * is left. Several times as fast as `setImmediate`, and nothing in a run waits for more than microtasks.
 */
export function settle(): Promise<void> {
  settles++;
  const hasTurn = settles % SETTLES_PER_TURN === 0;
  return new Promise(done => (hasTurn ? setImmediate(done) : process.nextTick(done)));
}
