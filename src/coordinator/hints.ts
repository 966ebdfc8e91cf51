// Hints: records kept for an owner that is down, in the stream of a node that is not, until the owner is back.
import type { Bus } from '../ports.js';
import { streams, subjects } from '../wire/subjects.js';
import { ACK_TIMEOUT_MS, isDeath } from './coordination.js';
import { type Append, EntryLane } from './entry-lanes.js';
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

export class HintStore {
  private readonly lanes = new Map<string, EntryLane>();
  private storedCount = 0;
  private failedCount = 0;
  private readonly refusedCounts = new Map<string, number>();

  constructor(
    private readonly bus: Bus,
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
    return [...this.lanes.values()].every(lane => lane.isIdle);
  }

  /**
   * Stores the hint with the first alive node behind the owners, so that the owners share their dead neighbour's load
   * least; with none there, with an alive owner. A holder that fails is passed over for the next.
   */
  store(hint: Hint): void {
    this.tryHolders(hint, holders(hint));
  }

  private tryHolders(hint: Hint, candidates: readonly string[]): void {
    const at = candidates.findIndex(
      node =>
        this.liveness.isWritable(node) &&
        this.liveness.presenceOf(node)?.refusesHints?.includes(hint.target) !== true,
    );
    const holder = candidates[at];
    if (holder === undefined) {
      this.failedCount++;
      this.refusedCounts.set(hint.target, (this.refusedCounts.get(hint.target) ?? 0) + 1);
      hint.settled(false);
      return;
    }
    const lane = this.lane(holder, hint.target);
    if (lane.isFull) {
      this.tryHolders(hint, candidates.slice(at + 1));
      return;
    }
    const append: Append = {
      text: hint.text,
      bytes: hint.bytes,
      acked: () => {
        this.storedCount++;
        hint.settled(true, holder);
      },
      failed: () => this.tryHolders(hint, candidates.slice(at + 1)),
    };
    lane.submit(append);
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
