// Links in words.
import type { Cut } from './report.js';

/** Both ways of a link are one, with a dash; one way alone is an arrow. */
export function linkNames(ways: readonly Cut[]): string[] {
  const isCut = (from: string, to: string) => ways.some(way => way.from === from && way.to === to);
  return ways.flatMap(({ from, to }, i) => {
    if (!isCut(to, from)) return [`${from} → ${to}`];
    const isFirst = ways.findIndex(way => way.from === to && way.to === from) > i;
    return isFirst ? [`${from} – ${to}`] : [];
  });
}
