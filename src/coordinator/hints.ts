// Hints: records kept for an owner that is down, in the stream of a node that is not, until the owner is back.
import type { Bus, Clock, Timer } from '../ports.js';
import { streams, subjects } from '../wire/subjects.js';
import { ACK_TIMEOUT_MS, isDeath } from './coordination.js';
import { EntryLane } from './entry-lanes.js';
import type { Liveness } from './liveness.js';

export interface Hint {
  /** The owner the record is kept for. */
  readonly target: string;
  /** The key's preference list and how many of it are owners. */
  readonly preferenceList: readonly string[];
  readonly replicationFactor: number;
  /** The record as it stands in an entry. */
  readonly text: string;
  readonly bytes: number;
  /** Called once: whether some node has stored the hint, and which. */
  settled(stored: boolean, holder?: string): void;
}

/** A hint that is not stored yet. */
interface Unstored {
  readonly hint: Hint;
  /** When it is given up, on the monotonic clock. */
  readonly untilMs: number;
}

/** What no holder could be asked for is tried again so often, for so long, in milliseconds. */
const RETRY_MS = 100;
const PATIENCE_MS = 10_000;
/** Most hints that wait for another try. */
const WAITING_MAX = 20_000;

export class HintStore {
  /** What no holder could be asked for: our own connection is being made anew, or nobody is up. */
  private waiting: Unstored[] = [];
  private timer: Timer | undefined;
  private closed = false;
  private readonly lanes = new Map<string, EntryLane>();
  private storedCount = 0;
  private failedCount = 0;
  private readonly refusedCounts = new Map<string, number>();

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly liveness: Liveness,
  ) {
    liveness.onDeath(node => {
      for (const [name, lane] of this.lanes) if (name.startsWith(`${node}.`)) lane.abandon();
    });
  }

  /** Hints stored through this coordinator. */
  get stored(): number {
    return this.storedCount;
  }

  /** Hints that no node would take: their owners are left to read repair and anti-entropy. */
  get failed(): number {
    return this.failedCount;
  }

  /** The same, by target. */
  get refused(): ReadonlyMap<string, number> {
    return this.refusedCounts;
  }

  get isIdle(): boolean {
    return this.waiting.length === 0 && [...this.lanes.values()].every(lane => lane.isIdle);
  }

  /**
   * Stores the hint with the first alive node behind the owners, so that the owners share their dead neighbour's load
   * least; with none there, with an alive owner. A holder that fails is passed over for the next. Goes through them again
   * for a while, unless all have refused it.
   */
  store(hint: Hint): void {
    this.tryHolders({ hint, untilMs: this.clock.monotonic() + PATIENCE_MS });
  }

  /** Gives up what waits for another try, and from now on what would have to: a write at ANY waits for it. */
  close(): void {
    this.closed = true;
    this.timer?.cancel();
    const given = this.waiting;
    this.waiting = [];
    for (const { hint } of given) this.giveUp(hint);
  }

  private tryHolders(unstored: Unstored, candidates = holders(unstored.hint), haveRefused = true): void {
    const { hint } = unstored;
    let areRefusals = haveRefused;
    for (const [at, holder] of candidates.entries()) {
      if (this.liveness.presenceOf(holder)?.refusesHints?.includes(hint.target) === true) continue;
      const lane = this.liveness.isWritable(holder) ? this.lane(holder, hint.target) : undefined;
      if (lane === undefined || lane.isFull) {
        areRefusals = false;
        continue;
      }
      const others = candidates.slice(at + 1);
      lane.submit({
        text: hint.text,
        bytes: hint.bytes,
        acked: () => {
          this.storedCount++;
          hint.settled(true, holder);
        },
        failed: why => this.tryHolders(unstored, others, areRefusals && why === 'refused'),
      });
      return;
    }
    if (areRefusals) this.giveUp(hint);
    else this.tryLater(unstored);
  }

  private tryLater(unstored: Unstored): void {
    const { hint, untilMs } = unstored;
    if (this.closed || this.clock.monotonic() >= untilMs || this.waiting.length >= WAITING_MAX) {
      this.giveUp(hint);
      return;
    }
    this.waiting.push(unstored);
    this.timer ??= this.clock.after(RETRY_MS, () => {
      this.timer = undefined;
      const again = this.waiting;
      this.waiting = [];
      for (const each of again) this.tryHolders(each);
    });
  }

  private giveUp(hint: Hint): void {
    this.failedCount++;
    this.refusedCounts.set(hint.target, (this.refusedCounts.get(hint.target) ?? 0) + 1);
    hint.settled(false);
  }

  private lane(holder: string, target: string): EntryLane {
    const name = `${holder}.${target}`;
    const known = this.lanes.get(name);
    if (known !== undefined) return known;
    const lane = new EntryLane({
      bus: this.bus,
      subject: subjects.hints(holder, target),
      stream: streams.hints(holder),
      ackTimeoutMs: ACK_TIMEOUT_MS,
      onOutcome: outcome => {
        if (isDeath(outcome)) this.liveness.gone(holder);
      },
    });
    this.lanes.set(name, lane);
    return lane;
  }
}

function holders({ preferenceList, replicationFactor, target }: Hint): string[] {
  const fallbacks = preferenceList.slice(replicationFactor);
  const owners = preferenceList.slice(0, replicationFactor);
  return [...fallbacks, ...owners].filter(node => node !== target);
}
