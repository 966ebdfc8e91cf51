// What a replica's log has lost, as far as is known: from the first finding until it is made good, the replica recovers.
import type { Recovering } from '../wire/generated/types.js';

export class Losses {
  private found: Recovering | undefined;
  private readonly reasons = new Set<string>();
  private total = 0;
  private damaged = false;
  private newer: string | undefined;

  /** Something is lost, or may be. */
  get recovering(): Recovering | undefined {
    return this.found;
  }

  /** The losses found: a replica is whole again only if none came while it was being made whole. */
  get count(): number {
    return this.total;
  }

  /** Whether the log itself is at fault, and may be put right: it has a hole, or entries whose checksums do not fit. */
  get isDamaged(): boolean {
    return this.damaged && this.newer === undefined;
  }

  /** Why no reads are answered, or null. */
  get reason(): string | null {
    return this.newer ?? this.found?.reason ?? null;
  }

  /** Whether what is lost can be had from the peers; what only a newer build can read cannot. */
  get canBeMadeGood(): boolean {
    return this.found !== undefined && this.newer === undefined;
  }

  /** The log has an entry that only a newer build can read. @returns whether it is the first. */
  addNewer(reason: string): boolean {
    const isFirst = this.newer === undefined;
    this.newer ??= reason;
    return isFirst;
  }

  /** What was found first, and noted, is the reason; what peers said since may follow from it. */
  adopt(recovering: Recovering): void {
    if (recovering.lost || this.found === undefined) this.found = recovering;
  }

  /** @returns whether it is the first that is sure. A finding that is repeated is no other loss. */
  add(reason: string): boolean {
    if (!this.reasons.has(reason)) this.total++;
    this.reasons.add(reason);
    if (this.found?.lost === true) return false;
    this.found = { lost: true, reason };
    return true;
  }

  /** Entries inside the log are gone: they must be purged before the log can be read as a whole again. */
  addDamage(reason: string): boolean {
    this.damaged = true;
    return this.add(reason);
  }

  /** All has been made good, or there had been nothing to lose. */
  clear(): void {
    this.found = undefined;
    this.damaged = false;
    this.reasons.clear();
  }
}
