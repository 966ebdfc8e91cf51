// What the page has seen, whoever told it: kept over a reload, and over a change of the way by which it knows.
import type { Point, TimelineEvent } from '../dist/src/cli/dashboard/view.js';

const POINTS_MAX = 600;
const EVENTS_MAX = 100;
const place = 'dynats-history';

export interface Past {
  readonly points: readonly Point[];
  readonly events: readonly TimelineEvent[];
}

let points: readonly Point[] = [];
let events: readonly TimelineEvent[] = [];

export function remember({ points: morePoints = [], events: moreEvents = [] }: Partial<Past>): Past {
  points = joined(points, morePoints).slice(-POINTS_MAX);
  events = joined(events, moreEvents).slice(-EVENTS_MAX);
  return { points, events };
}

/** What came before the first that is known, and after the last: two who look at one time saw the same. */
function joined<Item extends { readonly at: number }>(known: readonly Item[], more: readonly Item[]): Item[] {
  const [first, last] = [known[0]?.at ?? 0, known.at(-1)?.at ?? -1];
  return [
    ...more.filter(({ at }) => at < first),
    ...known,
    // Events of one look have one time.
    ...more.filter(({ at }) => at > last || (at === last && more.length === 1)),
  ];
}

addEventListener('pagehide', () => {
  try {
    sessionStorage.setItem(place, JSON.stringify({ points, events }));
  } catch {
    // It is full, or not allowed: the page begins anew.
  }
});

/** What this tab had seen of this server's cluster before it was loaded again. */
export function recall(): Past {
  try {
    const kept = JSON.parse(sessionStorage.getItem(place) ?? '{}') as Partial<Past>;
    return remember(kept);
  } catch {
    return { points: [], events: [] };
  }
}
