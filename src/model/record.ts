// Records and their total order: the law that lets replicas merge in any order and still agree.
import type { HeldVersion, WireRecord } from '../wire/generated/types.js';

/** What orders two records of one key, without their values. */
export type Version = HeldVersion;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Larger time wins; on a tie the delete, then the larger writer. Zero means: the same write. */
export function compareVersions(a: Version, b: Version): number {
  if (a.time !== b.time) return a.time - b.time;
  const aDeleted = a.deleted === true;
  if (aDeleted !== (b.deleted === true)) return aDeleted ? 1 : -1;
  return compareText(a.writer, b.writer);
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
    Buffer.compare(valueBytes(a), valueBytes(b)) ||
    Number(a.base64 !== undefined) - Number(b.base64 !== undefined)
  );
}

/** The value's bytes; none for a tombstone. */
export function valueBytes(record: Pick<WireRecord, 'value' | 'base64'>): Uint8Array {
  if (record.value !== undefined) return Buffer.from(record.value);
  return Buffer.from(record.base64 ?? '', 'base64');
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
