// What the process that runs the chaos and its client processes tell each other.
import type { ConnectOptions } from '../../client/options.js';
import type { Level } from '../../model/level.js';

/** Bucket of all that is written. */
export const bucketName = 'chaos';

/** One client: it has one operation under way at a time. */
export interface ClientSpec {
  /** Unique; the client of its operations in the history. */
  readonly name: string;
  readonly writeLevel: Level;
  readonly readLevel: Level;
  readonly hasSession: boolean;
}

export interface LoadSpec {
  readonly connection: ConnectOptions;
  /** Each client of mode `api`, then each of mode `direct`. */
  readonly clients: readonly ClientSpec[];
  readonly seed: number;
  /** Part of every key. */
  readonly run: string;
  /** Keys at a time. After `epochMs` come as many others, so that the history of each is short enough to be checked. */
  readonly keys: number;
  readonly epochMs: number;
  readonly timeoutMs: number;
  /** Where the operations go: a file for each epoch, `<file>.<epoch>`. */
  readonly file: string;
}

export type Order = { do: 'begin'; spec: LoadSpec } | { do: 'end' };

/** `counts`, twice a second: totals so far. */
export type Answer =
  | { did: 'begin' | 'end' }
  | { did: 'counts'; operations: number; acknowledged: number }
  | { error: string };

/** Milliseconds of a clock that all processes of the machine share, and that nobody sets. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Counted from the start of the machine, so that all processes agree on it. */
export function epochAt(nowMs: number, epochMs: number): number {
  return Math.floor(nowMs / epochMs);
}

/** @param run no other run on the cluster has it: a history begins with keys that hold nothing. */
export function keyOf(run: string, epoch: number, index: number): string {
  return `${run}/${epoch}/${index}`;
}
