// Wakes operations at their times without a timer for each: one timer sweeps them all.
import type { Clock, Timer } from '../ports.js';

export interface Sleeper {
  /** Called once, at or shortly after the time asked for. */
  wake(alarm: Alarm): void;
}

/**
 * One sleeper's place in the list of its tick. Leaves it when the operation is settled: most are long before their time, and
 * what a list still held would outlive the garbage collector's quick rounds.
 */
export class Alarm {
  private before: Alarm | undefined;
  private after: Alarm | undefined;

  /** Without a sleeper it is the list itself: the first is after it, the last before it. */
  constructor(private readonly sleeper?: Sleeper) {}

  cancel(): void {
    const { before, after } = this;
    if (before !== undefined) before.after = after;
    if (after !== undefined) after.before = before;
    this.before = undefined;
    this.after = undefined;
  }

  append(alarm: Alarm): void {
    const last = this.before ?? this;
    alarm.before = last;
    alarm.after = this;
    last.after = alarm;
    this.before = alarm;
  }

  /** Rings all that are in the list, in order. */
  ringAll(): void {
    for (let alarm = this.after; alarm?.sleeper !== undefined; alarm = this.after) {
      alarm.cancel();
      alarm.sleeper.wake(alarm);
    }
  }
}

/** Granularity unless told otherwise, in milliseconds: an alarm rings up to this much late. */
const TICK_MS_DEFAULT = 5;

export class Deadlines {
  private readonly ticks = new Map<number, Alarm>();
  private sweptThrough: number;
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly tickMs = TICK_MS_DEFAULT,
  ) {
    this.sweptThrough = this.tickOf(clock.monotonic());
  }

  /** @param atMs on the monotonic clock. */
  add(atMs: number, sleeper: Sleeper): Alarm {
    const alarm = new Alarm(sleeper);
    if (this.timer === undefined) {
      this.sweptThrough = this.tickOf(this.clock.monotonic());
      this.arm();
    }
    const tick = Math.max(this.tickOf(atMs), this.sweptThrough) + 1;
    let list = this.ticks.get(tick);
    if (list === undefined) {
      list = new Alarm();
      this.ticks.set(tick, list);
    }
    list.append(alarm);
    return alarm;
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.ticks.clear();
  }

  private tickOf(ms: number): number {
    return Math.floor(ms / this.tickMs);
  }

  private arm(): void {
    this.timer = this.clock.after(this.tickMs, () => this.sweep());
  }

  private sweep(): void {
    const now = this.tickOf(this.clock.monotonic());
    while (this.sweptThrough < now) {
      this.sweptThrough++;
      const list = this.ticks.get(this.sweptThrough);
      if (list === undefined) continue;
      this.ticks.delete(this.sweptThrough);
      list.ringAll();
    }
    this.timer = undefined;
    if (this.ticks.size > 0) this.arm();
  }
}
