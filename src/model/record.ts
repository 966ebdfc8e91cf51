// Records and their total order: the law that lets replicas merge in any order and still agree.
import { compareBytes, fromBase64, utf8 } from '#platform/bytes';
import type { HeldVersion, WireRecord } from '../wire/generated/types.js';

/** What orders two records of one key, without their values. */
export type Version = HeldVersion;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Larger time wins; on a tie the delete, then the larger writer, then the longer life. Zero means: the same write, and as
 * long as it lives the same.
 */
export function compareVersions(a: Version, b: Version): number {
  if (a.time !== b.time) return a.time - b.time;
  const aDeleted = a.deleted === true;
  if (aDeleted !== (b.deleted === true)) return aDeleted ? 1 : -1;
  return compareText(a.writer, b.writer) || compareLives(a.expiresAt, b.expiresAt);
}

/** A record without an end outlives every other. */
function compareLives(a: number | undefined, b: number | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  return a - b;
}

/** Whether a reader at `now` (microseconds since 1970) finds nothing: a tombstone, or a record that has expired. */
export function isGone(record: Pick<Version, 'deleted' | 'expiresAt'>, now: number): boolean {
  return record.deleted === true || (record.expiresAt !== undefined && record.expiresAt <= now);
}

/** The delete that an expired record has become: of the same version, which it beats. */
export function tombstoneOf({
  bucket,
  key,
  time,
  writer,
}: Pick<WireRecord, 'bucket' | 'key' | 'time' | 'writer'>): WireRecord {
  return { bucket, key, deleted: true, time, writer };
}

/**
 * The order of records of one key: by version, then by value bytes. Total, so that two replicas can never disagree for
 * ever, even if a writer broke its promise and issued one version twice.
 *
 * @returns negative when `b` wins, positive when `a` wins, 0 when they are the same record.
 */
export function compareRecords(a: WireRecord, b: WireRecord): number {
  return compareVersions(a, b) || compareValues(a, b);
}

function compareValues(a: WireRecord, b: WireRecord): number {
  if (a.value === b.value && a.base64 === b.base64) return 0;
  return (
    compareBytes(valueBytes(a), valueBytes(b)) ||
    Number(a.base64 !== undefined) - Number(b.base64 !== undefined)
  );
}

/** The value's bytes; none for a tombstone. */
export function valueBytes(record: Pick<WireRecord, 'value' | 'base64'>): Uint8Array {
  if (record.value !== undefined) return utf8(record.value);
  return fromBase64(record.base64 ?? '');
}

/** The record without its value. */
export function versionOf({ time, writer, deleted, expiresAt }: Version): Version {
  return {
    time,
    writer,
    ...(deleted === true ? { deleted } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** The version as clients see it: opaque to them, equal for equal writes. */
export function versionText(version: Version): string {
  return `${version.time}@${version.writer}`;
}

/** What `versionText` was made of. */
export function parseVersion(text: string, isDeleted: boolean): Version {
  const at = text.indexOf('@');
  const version = { time: Number(text.slice(0, at)), writer: text.slice(at + 1) };
  return isDeleted ? { ...version, deleted: true } : version;
}
