// What clients did and saw: what the checkers judge by. A history is kept as lines of JSON, one operation each, in any order.
import type { Level } from '../model/level.js';

/** One operation of one client, as that client saw it. */
export interface Operation {
  /** A client has one operation under way at a time. */
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
}
