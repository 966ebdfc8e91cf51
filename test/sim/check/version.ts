// Versions as clients see them, and their order. Written anew here: a checker that ordered versions with the product's own
// code would not see that it orders them wrongly.

export interface SeenVersion {
  readonly time: number;
  readonly writer: string;
  readonly deleted?: boolean;
}

/** Larger time; on a tie the delete, then the larger writer (docs/PROTOCOL.md). Nothing at all is the oldest. */
export function isOlder(a: SeenVersion | null, b: SeenVersion | null): boolean {
  if (b === null) return false;
  if (a === null) return true;
  if (a.time !== b.time) return a.time < b.time;
  const aDeleted = a.deleted === true;
  if (aDeleted !== (b.deleted === true)) return !aDeleted;
  return a.writer < b.writer;
}

export function show(version: SeenVersion | null): string {
  return version === null
    ? 'nothing'
    : `${version.time}@${version.writer}${version.deleted === true ? ' (deleted)' : ''}`;
}

/** A version as clients see it, taken apart. */
export function parseVersion(version: string, deleted: boolean): SeenVersion {
  const at = version.indexOf('@');
  const head = { time: Number(version.slice(0, at)), writer: version.slice(at + 1) };
  return deleted ? { ...head, deleted: true } : head;
}
