// The promises that are checked, each by a name and in a sentence. They are those of docs/GUARANTEES.md, and no more.
import type { Holding, Operation } from './history.js';

export const rules = {
  phantom: 'what is read was written to that key, by a write that had begun',
  'two-values': 'a version has one value',
  stale: 'a read returns the last acknowledged write or a newer one',
  resurrected: 'no deleted value returns',
  backwards: 'reads above ONE never go backwards',
  linearizable: 'reads and writes at QUORUM can be put in one order',
  'session-write': 'a session reads what it wrote',
  'session-read': 'reads of a session never go backwards',
  lost: 'no acknowledged write is lost',
  diverged: 'owners come to hold the same',
} as const;
export type Rule = keyof typeof rules;

/** A promise that was not kept, and the least of the history that shows it. */
export interface Violation {
  readonly rule: Rule;
  readonly key: string;
  /** One sentence, with versions and times. */
  readonly what: string;
  /** In the order of their starts. Without any one of them the promise is kept, or a value comes from nowhere. */
  readonly operations: readonly Operation[];
  /** What the owners held in the end, where that is the offence. */
  readonly holdings: readonly Holding[];
}
