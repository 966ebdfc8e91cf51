// Restoring one record: what is to be done, by what the bucket holds of its key.
import { compareVersions, parseVersion, type Version } from '../model/record.js';
import type { BackupRecord } from './read.js';

/** What the bucket holds of a key, tombstones too; undefined when nothing. */
export type Held = { readonly version: string; readonly deleted?: boolean } | undefined;

export type Step =
  /** Written under this version. */
  | { readonly do: 'restore' | 'delete'; readonly time: number }
  /** The bucket has this version, or an earlier run has restored it. */
  | { readonly do: 'already' }
  /** The bucket has something newer: a write or a delete after the backup. */
  | { readonly do: 'newer' }
  | { readonly do: 'expired' }
  /** A delete, and nothing there that it would delete. */
  | { readonly do: 'nothing' };

export interface Moment {
  /** By the nodes' clocks, in microseconds. */
  readonly now: number;
  /**
   * Earlier than anything that may be written while the bucket is being looked at, so that whatever comes beside the restore
   * is newer; and later than anything whose delete may have been forgotten.
   */
  readonly base: number;
}

/** Who writes what is restored from the backup with this id. */
export const writerOf = (id: string) => `restore~${id}`;

export function decide(record: BackupRecord, held: Held, writer: string, { now, base }: Moment): Step {
  const backedUp = parseVersion(record.version, record.deleted === true);
  const there = held === undefined ? undefined : parseVersion(held.version, held.deleted === true);
  if (there?.writer === writer) return { do: 'already' };
  const order = there === undefined ? -1 : compareVersions(there, backedUp);
  if (order >= 0) return { do: order === 0 ? 'already' : 'newer' };
  const time = timeFor(backedUp, { now, base });
  // It is older than the backup, and yet newer than what may be written now: a clock was wrong. What is there stays.
  if (there !== undefined && there.time >= time) return { do: 'newer' };
  if (record.deleted === true)
    return there === undefined || there.deleted === true ? { do: 'nothing' } : { do: 'delete', time };
  if (record.expiresAt !== undefined && record.expiresAt <= now) return { do: 'expired' };
  return { do: 'restore', time };
}

/** Its own time while that is recent: then an older write that is still under way does not win over it. */
function timeFor({ time }: Version, { now, base }: Moment): number {
  return time > base && time <= now ? time : base;
}
