// What clients did and saw: what the checkers judge by. A history is kept as lines of JSON, one operation each, in any order.
import type { Level } from '../model/level.js';

/** One operation of one client, as that client saw it. */
export interface Operation {
  /** A client has one operation under way at a time, but for the keys of a batch. */
  readonly client: string;
  readonly kind: 'put' | 'delete' | 'get';
  readonly key: string;
  readonly level: Level;
  /** Milliseconds on one clock that all clients of the history share, with fractions; not the time of day. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** `ok`; `refused`, it had no effect; `unknown`, it may have had one, then or at any time later. */
  readonly outcome: 'ok' | 'refused' | 'unknown';
  /** The version written or read, as the client prints it; null when a read found nothing or a write never learnt it. */
  readonly version: string | null;
  /** What was to be written, or was read; absent for none. Every put of a history has a value of its own. */
  readonly value?: string;
  /** Why it did not end `ok`: the error's code. */
  readonly code?: string;
  /** The session it belonged to, of this client alone; absent when it had none. */
  readonly session?: string;
  /** The zone of the node that coordinated it: what LOCAL_QUORUM is judged by. */
  readonly zone?: string;
}

/** What one owner of a key held when all had become quiet again: a line of its own in a history. */
export interface Holding {
  readonly kind: 'held';
  readonly owner: string;
  readonly key: string;
  /** Null when it held nothing, not even a tombstone. */
  readonly version: string | null;
  /** Absent for a tombstone, and for nothing. */
  readonly value?: string;
}

/** A history that cannot be judged, since it is not what it says it is. */
export class HistoryError extends Error {
  override name = 'HistoryError';
}
