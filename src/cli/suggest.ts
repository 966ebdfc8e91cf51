// "Did you mean": the nearest of what there is to a word that is not among it.

/** The distance of a slip of the hand: two letters of a long word, one of a short one, none of n9. */
const slip = (word: string): number => (word.length > 4 ? 2 : word.length > 2 ? 1 : 0);

/** `; did you mean quorum?`, or nothing when nothing is near. Case does not count. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const ranked = known
    .map(each => ({ each, distance: distanceOf(lower, each.toLowerCase()) }))
    .filter(({ distance }) => distance <= slip(word))
    .sort((a, b) => a.distance - b.distance);
  const [first] = ranked;
  if (first !== undefined) return first.each;
  const longer = known.filter(each => lower.length > 1 && each.toLowerCase().startsWith(lower));
  return longer.length === 1 ? longer[0] : undefined;
}

/** Letters to insert, drop, replace or swap with their neighbour: the optimal string alignment distance. */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
