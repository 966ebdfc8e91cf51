// The order of keys: that of their UTF-8 bytes, in which scans go through them and pages of them merge.

/** Where a scan begins and ends. Bounds that are left out do not bind. */
export interface KeyRange {
  /** Keys behind this one only. */
  readonly after?: string | undefined;
  /** The first key that may be in it. */
  readonly from?: string | undefined;
  /** The first key that is not in it any more. */
  readonly to?: string | undefined;
  /** Keys that begin so. */
  readonly prefix?: string | undefined;
}

/**
 * Compares two well-formed strings as their UTF-8 bytes would, without encoding them. JavaScript compares UTF-16 units,
 * which differs where one key has a surrogate pair and the other a character from U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for the characters above all others. */
function rank(unit: number): number {
  return (unit & 0xf800) === 0xd800 ? unit + 0x10000 : unit;
}

/** The least text that a key of the range can be, and whether it may be that itself. */
export function startOf({ after, from, prefix }: KeyRange): { key: string; isInside: boolean } {
  let start = { key: '', isInside: true };
  for (const key of [from, prefix])
    if (key !== undefined && compareKeys(key, start.key) > 0) start = { key, isInside: true };
  if (after !== undefined && compareKeys(after, start.key) >= 0) start = { key: after, isInside: false };
  return start;
}

/** Whether `key`, which is not before the start of the range, lies behind its end. */
export function isBehind(key: string, { to, prefix }: KeyRange): boolean {
  if (to !== undefined && compareKeys(key, to) >= 0) return true;
  return prefix !== undefined && !key.startsWith(prefix);
}
