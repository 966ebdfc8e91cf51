// The keys of a table in order, while keys are added all the time: a few sorted runs, each at least twice as long as the
// next, so that a key is moved a logarithmic number of times and a page costs little more than the keys it shows. (The
// logarithmic method: Bentley and Saxe, "Decomposable Searching Problems", 1980.)
import { compareKeys } from '../model/key-order.js';

/** Keys collected before they are sorted, unless somebody asks earlier. */
const RECENT_MAX = 1024;

/** The keys there are: those of a Map or Set. */
interface Held {
  readonly size: number;
  has(key: string): boolean;
}

type Compare = (a: string, b: string) => number;

/** Some ten times as fast as `compareKeys`, and equal to it for keys without surrogates. */
const compareUnits: Compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const SURROGATE = /[\ud800-\udfff]/;

export class SortedKeys {
  /** Invariant: each is sorted and at least twice as long as the next. A key that came back may be in several. */
  private runs: string[][] = [];
  private recent: string[] = [];
  private compare: Compare = compareUnits;

  /** @param held a key that is in it no more may still be read for a while, and is forgotten in time. */
  constructor(private readonly held: Held) {}

  add(key: string): void {
    // Keys before this one have none: both orders are the same for them.
    if (this.compare === compareUnits && SURROGATE.test(key)) this.compare = compareKeys;
    this.recent.push(key);
    if (this.recent.length >= RECENT_MAX) this.seal();
  }

  /** The keys from `start` on, in order, each once. No key may be added while it is read. */
  *from(start: string, isInside: boolean): Generator<string> {
    this.seal();
    const { compare } = this;
    const cursors = this.runs.map(run => ({ run, at: firstAt(run, start, isInside) }));
    let last: string | undefined;
    for (;;) {
      let least: { run: string[]; at: number } | undefined;
      let key: string | undefined;
      for (const cursor of cursors) {
        const candidate = cursor.run[cursor.at];
        if (candidate === undefined || (key !== undefined && compare(candidate, key) >= 0)) continue;
        least = cursor;
        key = candidate;
      }
      if (least === undefined || key === undefined) return;
      least.at++;
      if (key !== last) yield key;
      last = key;
    }
  }

  private seal(): void {
    if (this.recent.length === 0) return;
    const { runs, recent } = this;
    this.recent = [];
    runs.push(this.compare === compareUnits ? recent.sort() : recent.sort(compareKeys));
    for (;;) {
      const last = runs.at(-1);
      const previous = runs.at(-2);
      if (last === undefined || previous === undefined || previous.length >= 2 * last.length) break;
      runs.splice(-2, 2, merged(previous, last, this.compare));
    }
    const count = runs.reduce((sum, run) => sum + run.length, 0);
    if (count > 2 * this.held.size + RECENT_MAX)
      this.runs = [[...this.from('', true)].filter(key => this.held.has(key))];
  }
}

function merged(a: readonly string[], b: readonly string[], compare: Compare): string[] {
  const all: string[] = [];
  let i = 0;
  let j = 0;
  let x = a[0];
  let y = b[0];
  while (x !== undefined && y !== undefined) {
    const order = compare(x, y);
    all.push(order <= 0 ? x : y);
    if (order <= 0) x = a[++i];
    if (order >= 0) y = b[++j];
  }
  for (; i < a.length; i++) all.push(a[i] ?? '');
  for (; j < b.length; j++) all.push(b[j] ?? '');
  return all;
}

/** Index of the first key that is not before `start`; behind it when `start` itself is not inside. */
function firstAt(keys: readonly string[], start: string, isInside: boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareKeys(keys[middle] ?? '', start);
    if (order < 0 || (order === 0 && !isInside)) low = middle + 1;
    else high = middle;
  }
  return low;
}
