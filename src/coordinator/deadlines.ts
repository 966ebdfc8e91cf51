// Wakes operations at their times without a timer for each: one timer sweeps them all.
import type { Clock, Timer } from '../ports.js';

export interface Sleeper {
  /** Called once, at or shortly after the time asked for. */
  wake(): void;
}

/** Lets go of the operation once it is settled, however far off its time is. */
export class Alarm {
  constructor(private sleeper: Sleeper | undefined) {}

  cancel(): void {
    this.sleeper = undefined;
  }

  ring(): void {
    const sleeper = this.sleeper;
    this.sleeper = undefined;
    sleeper?.wake();
  }
}

/** Granularity unless told otherwise, in milliseconds: an alarm rings up to this much late. */
const TICK_MS_DEFAULT = 5;

export class Deadlines {
  private readonly ticks = new Map<number, Alarm[]>();
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
    const alarms = this.ticks.get(tick);
    if (alarms === undefined) this.ticks.set(tick, [alarm]);
    else alarms.push(alarm);
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
      const alarms = this.ticks.get(this.sweptThrough);
      if (alarms === undefined) continue;
      this.ticks.delete(this.sweptThrough);
      for (const alarm of alarms) alarm.ring();
    }
    this.timer = undefined;
    if (this.ticks.size > 0) this.arm();
  }
}
