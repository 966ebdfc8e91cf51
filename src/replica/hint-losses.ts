// Hints that were never delivered: too old, dropped by order, or refused by everybody. They are announced in the heartbeat, and
// whoever hears of more goes to work: what a hint did not bring, anti-entropy does.
import type { Liveness } from '../coordinator/liveness.js';
import type { Clock } from '../ports.js';
import type { Presence } from '../wire/generated/types.js';

export interface HintLossesOptions {
  readonly liveness: Liveness;
  readonly clock: Clock;
  /** Records that this node, as a coordinator, found no holder for, by target. */
  readonly refused: () => ReadonlyMap<string, number>;
  /** Starts a round of anti-entropy soon. */
  readonly hurry: () => void;
}

/** Losses come in crowds: one round heals those of this time, in milliseconds. */
const CROWD_MS = 1000;

export class HintLosses {
  private expiredCount = 0;
  private droppedCount = 0;
  private readonly byTarget = new Map<string, number>();
  /** Counters heard, by who announced them, in which life, and of which target. */
  private readonly heard = new Map<string, { incarnation: number; counts: Presence['unhinted'] }>();
  private isHurrying = false;

  constructor(private readonly options: HintLossesOptions) {
    options.liveness.onPresence(presence => this.hear(presence));
  }

  get expired(): number {
    return this.expiredCount;
  }

  get dropped(): number {
    return this.droppedCount;
  }

  sawExpired(target: string, entries: number): void {
    this.expiredCount += entries;
    this.count(target, entries);
  }

  sawDropped(target: string, entries: number): void {
    this.droppedCount += entries;
    this.count(target, entries);
  }

  /** All kinds together, by target: what the heartbeat announces. */
  all(): Record<string, number> {
    const counts: Record<string, number> = Object.fromEntries(this.byTarget);
    for (const [target, refused] of this.options.refused()) counts[target] = (counts[target] ?? 0) + refused;
    return counts;
  }

  private count(target: string, entries: number): void {
    this.byTarget.set(target, (this.byTarget.get(target) ?? 0) + entries);
  }

  private hear({ node, incarnation, unhinted = {} }: Presence): void {
    const last = this.heard.get(node);
    const known = last?.incarnation === incarnation ? (last.counts ?? {}) : {};
    this.heard.set(node, { incarnation, counts: unhinted });
    const isMore = Object.entries(unhinted).some(
      // A target that is down is compared when it is back.
      ([target, count]) => count > (known[target] ?? 0) && this.options.liveness.isWritable(target),
    );
    if (!isMore || this.isHurrying) return;
    this.isHurrying = true;
    this.options.clock.after(CROWD_MS, () => {
      this.isHurrying = false;
      this.options.hurry();
    });
  }
}
