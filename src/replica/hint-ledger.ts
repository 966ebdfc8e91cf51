// What a node's hints amount to for each target. The broker counts entries by subject, not bytes, so the bytes are counted
// here: each entry once when it has come, and again when it has gone.
import type { HeldHints, HintEntry, HintStream } from '../ports.js';

interface Account {
  entries: number;
  bytes: number;
}

/** Entries read by one look: the count of a long backlog may take several. */
const ENTRIES_PER_LOOK = 20_000;

export class HintLedger {
  private accounts = new Map<string, Account>();
  private countedThrough = 0;
  private readonly oldest = new Map<string, number>();
  private heldCounts: ReadonlyMap<string, number> = new Map();

  /** Entries held for each target, as of the last look. */
  get held(): ReadonlyMap<string, number> {
    return this.heldCounts;
  }

  /** Bytes held for a target, as far as they were counted. */
  bytesFor(target: string): number {
    return this.accounts.get(target)?.bytes ?? 0;
  }

  /** When the oldest hint for a target was stored, in milliseconds since 1970; undefined when nobody has looked yet. */
  oldestFor(target: string): number | undefined {
    return this.oldest.get(target);
  }

  sawOldest(target: string, storedAtMs: number | undefined): void {
    if (storedAtMs === undefined) this.oldest.delete(target);
    else this.oldest.set(target, storedAtMs);
  }

  /** Counts what has come since the last call. */
  async follow(stream: HintStream, held: HeldHints): Promise<void> {
    this.heldCounts = held.entries;
    for (const target of this.oldest.keys()) if (!held.entries.has(target)) this.oldest.delete(target);
    if (held.lastSequence < this.countedThrough) this.forget();
    const from = Math.max(this.countedThrough + 1, held.firstSequence);
    let last = held.lastSequence;
    let count = 0;
    await stream.hints(
      from,
      held.lastSequence,
      hint => {
        const account = this.accounts.get(hint.target) ?? { entries: 0, bytes: 0 };
        account.entries++;
        account.bytes += hint.data.length;
        this.accounts.set(hint.target, account);
        if (++count === ENTRIES_PER_LOOK) last = hint.sequence;
      },
      { limit: ENTRIES_PER_LOOK },
    );
    this.countedThrough = last;
    // More counted than held: somebody else took entries away. What is there is counted anew by the next look.
    for (const [target, { entries }] of this.accounts)
      if (entries > (held.entries.get(target) ?? 0)) {
        this.forget();
        return;
      }
  }

  /** These were taken out of the stream. */
  removed(hints: readonly HintEntry[]): void {
    for (const { target, data, sequence } of hints) {
      const account = this.accounts.get(target);
      if (account === undefined || sequence > this.countedThrough) continue;
      account.entries--;
      account.bytes -= data.length;
      if (account.entries <= 0) this.accounts.delete(target);
    }
  }

  private forget(): void {
    this.accounts = new Map();
    this.countedThrough = 0;
  }
}
