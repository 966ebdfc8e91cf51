// What to do with a change of a KV bucket, given what Dynats holds of its key: the rules that make a migration repeatable.

import { parseVersion, type Version } from '../../model/record.js';
import type { GetReply } from '../../wire/generated/types.js';
import type { Change } from './change.js';

/**
 * Nodes refuse versions older than eleven minutes (docs/PROTOCOL.md, purge by proof). What is older in KV is written as of
 * this long ago, in microseconds: late enough to be taken, early enough that whatever was written directly since wins.
 */
const BEHIND_MAX = 8 * 60_000_000;

/** What Dynats holds of a key, by a read at QUORUM. */
export interface Held {
  readonly version: Version;
  readonly isFound: boolean;
}

/** `ttlMs` counts from the version's time. */
export type ToWrite =
  | { readonly kind: 'put'; readonly version: Written; readonly ttlMs: number | undefined }
  | { readonly kind: 'delete'; readonly version: Written };

export type Decision =
  | ToWrite
  /** This revision, or a later one, is there. */
  | { readonly kind: 'there' }
  /** Somebody else wrote the key to Dynats after this change was made in KV. */
  | { readonly kind: 'direct' }
  /** It has expired, and there is nothing to take away. */
  | { readonly kind: 'expired' };

export interface Written {
  readonly time: number;
  readonly writer: string;
}

/** Undefined when nothing was ever written under the key, or its delete has been purged. */
export function heldOf({ found, version }: GetReply): Held | undefined {
  return version === undefined ? undefined : { version: parseVersion(version, !found), isFound: found };
}

/** The writer of the records of a stream: it names the revision, so that whoever reads one knows what it is a copy of. */
export function writerOf(streamId: string, revision: number): string {
  return `kv~${streamId}~${revision.toString(36)}`;
}

/** The revision of this stream that a record is a copy of; undefined when somebody else wrote it. */
export function revisionOf(writer: string, streamId: string): number | undefined {
  const [kind, id, revision = ''] = writer.split('~');
  return kind === 'kv' && id === streamId ? Number.parseInt(revision, 36) : undefined;
}

/** @param nowMs by the nodes' clocks, milliseconds since 1970. */
export function decide(change: Change, held: Held | undefined, streamId: string, nowMs: number): Decision {
  const copied = held === undefined ? undefined : revisionOf(held.version.writer, streamId);
  if (copied !== undefined && copied >= change.revision) return { kind: 'there' };
  if (held !== undefined && copied === undefined && held.version.time >= change.createdAt)
    return { kind: 'direct' };
  const now = Math.floor(nowMs * 1000);
  // Not before what it replaces: a server's clock may have been set back between two revisions.
  const time = Math.max(
    Math.min(change.createdAt, now),
    now - BEHIND_MAX,
    held === undefined ? 0 : held.version.time + 1,
  );
  const version = { time, writer: writerOf(streamId, change.revision) };
  const { expiresAtMs } = change;
  const isOver = expiresAtMs !== undefined && expiresAtMs <= nowMs;
  if (isOver && held?.isFound !== true) return { kind: 'expired' };
  if (isOver || change.value === undefined) return { kind: 'delete', version };
  const ttlMs = expiresAtMs === undefined ? undefined : Math.max(1, Math.ceil(expiresAtMs - time / 1000));
  return { kind: 'put', version, ttlMs };
}
