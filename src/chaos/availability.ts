// How long nothing succeeded: for anybody, and for the client that was worst off.
import type { Operation } from '../check/history.js';

export interface Gap {
  readonly ms: number;
  /** When it began, on the clock of the history. */
  readonly fromMs: number;
}

/** Counted from the first success on. Fed with operations in the order of their epochs; within one, any order. */
export class Availability {
  private lastMs: number | undefined;
  private longest: Gap = { ms: 0, fromMs: 0 };
  private readonly lastOf = new Map<string, number>();
  private longestOfOne: Gap = { ms: 0, fromMs: 0 };

  add(operations: readonly Operation[]): void {
    const ends = operations.filter(({ outcome }) => outcome === 'ok');
    for (const { client, endedAtMs } of ends.sort((a, b) => a.endedAtMs - b.endedAtMs)) {
      const before = this.lastMs ?? endedAtMs;
      this.longest = longer(this.longest, before, endedAtMs);
      this.lastMs = Math.max(before, endedAtMs);
      const last = this.lastOf.get(client) ?? endedAtMs;
      this.longestOfOne = longer(this.longestOfOne, last, endedAtMs);
      this.lastOf.set(client, Math.max(last, endedAtMs));
    }
  }

  /** The longest time without any success. */
  get ofAll(): Gap {
    return this.longest;
  }

  /** The longest that one client went without a success. */
  get ofOne(): Gap {
    return this.longestOfOne;
  }
}

function longer(longest: Gap, fromMs: number, toMs: number): Gap {
  return toMs - fromMs > longest.ms ? { ms: toMs - fromMs, fromMs } : longest;
}
