// The order of versions as docs/PROTOCOL.md has it, written anew: a checker that ordered versions with the product's own code
// would not see that it orders them wrongly.
import { HistoryError } from './history.js';

export interface SeenVersion {
  readonly time: number;
  readonly writer: string;
  readonly deleted: boolean;
}

/** @param text `time@writer`. */
export function parseSeen(text: string, deleted: boolean): SeenVersion {
  const at = text.indexOf('@');
  const time = Number(text.slice(0, at));
  if (at < 1 || !Number.isSafeInteger(time)) throw new HistoryError(`"${text}" is no version (time@writer)`);
  return { time, writer: text.slice(at + 1), deleted };
}

/** Larger time; on a tie the delete, then the larger writer. Negative when `a` is older. */
export function compareSeen(a: SeenVersion, b: SeenVersion): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.deleted !== b.deleted) return a.deleted ? 1 : -1;
  return a.writer < b.writer ? -1 : a.writer > b.writer ? 1 : 0;
}
