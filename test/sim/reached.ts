// Counts the rare things a run reaches, from outside: by what nodes log, by their counters, by what clients are answered, and
// by the faults that were carried out. A net that never reaches a branch guards nothing there.
import type { NodeCore } from '../../src/node/core.js';

/** Log lines of rare branches, and what they count as. */
const LOGGED: Readonly<Record<string, string>> = {
  'the log has lost entries: takes writes, answers no reads': 'loss found',
  'has all that its peers hold: whole again': 'made whole',
  'no peer remembers an older log: this one is whole': 'trusted by all peers',
  'compacted the log': 'compaction',
  'rewrote the log': 'damaged log rewritten',
  'lost the log while reading it; tries again': 'log lost while read',
  'could not open the log; trying again': 'log not opened',
  'the target refused a hint': 'hint refused by its target',
  'the target went away during handoff': 'target lost during handoff',
  'could not compare with a peer': 'comparison failed',
  'compaction stopped; it is tried again': 'compaction failed',
  'every owner has what was deleted up to the floor': 'floor raised',
};

export class Reached {
  readonly counts: Record<string, number> = {};

  count(what: string, times = 1): void {
    if (times > 0) this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  logged(message: string): void {
    const what = LOGGED[message];
    if (what !== undefined) this.count(what);
  }

  /** What a node has counted in its life, before it ends. */
  counters({ handoff, antiEntropy, coordinator }: NodeCore): void {
    this.count('hint entry delivered', handoff.delivered);
    this.count('record fetched by anti-entropy', antiEntropy.totals.fetched);
    this.count('record sent by anti-entropy', antiEntropy.totals.sent);
    this.count('hint stored', coordinator.hints.stored);
    this.count('hint that nobody took', coordinator.hints.failed);
    this.count('clock corrected', coordinator.clocks.correctionMs === 0 ? 0 : 1);
  }
}

/** Adds up what several runs reached. */
export function addUp(total: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [what, times] of Object.entries(more)) total[what] = (total[what] ?? 0) + times;
}
