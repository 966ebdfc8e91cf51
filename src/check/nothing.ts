// A read that found nothing does not say which delete it saw. It is taken for the oldest that it can have been: if a promise
// is broken even so, it is broken.
import { type Event, type KeyHistory, NOTHING, rankOf } from './of-key.js';

/**
 * @param floor what the read must not be older than.
 * @param before the read's end: a delete that began later was not seen.
 * @returns the rank of the oldest delete that will do, a rank between two for one of unknown version, or undefined.
 */
export function oldestNothing(history: KeyHistory, floor: number, before: number): number | undefined {
  if (floor === NOTHING) return NOTHING;
  const { deletes } = history;
  for (let i = firstAtLeast(deletes, floor); i < deletes.length; i++) {
    const event = deletes[i];
    if (event !== undefined && event.start <= before) return event.rank;
  }
  return history.strayDeletes.some(({ start }) => start <= before) ? Math.floor(floor) + 0.5 : undefined;
}

/** Where, in the order of ranks, `floor` would stand. */
function firstAtLeast(events: readonly Event[], floor: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const event = events[middle];
    if (event !== undefined && rankOf(event) < floor) low = middle + 1;
    else high = middle;
  }
  return low;
}
