// Merges the pages of several owners: the newest of each key, and who holds it. Pure.
import { compareKeys } from '../model/key-order.js';
import { compareRecords, compareVersions } from '../model/record.js';
import type { Ring } from '../model/ring.js';
import type { ReplicaScanReply } from '../wire/generated/types.js';

/** What a replica holds of one key: the record, or its version only. */
export type Scanned = ReplicaScanReply['held'][number];

/** One replica's page: all it holds up to the last key, or to the end of the range when there is no more. */
export type ReplicaPage = Pick<ReplicaScanReply, 'held' | 'more'>;

export interface MergedKey {
  readonly key: string;
  readonly newest: Scanned;
  /** Owners that hold the newest. */
  readonly holders: readonly string[];
  /** Owners that hold something older, or nothing. */
  readonly stale: readonly string[];
}

export interface MergedPage {
  /** In key order; up to where every page reaches. */
  readonly keys: readonly MergedKey[];
  /** The last key that every page reaches; undefined when that is the end of the range. */
  readonly through: string | undefined;
}

/** Merges one page of each node, all begun at the same key. What a node holds of keys that it does not own is left out. */
export function mergePages(ring: Ring, pages: ReadonlyMap<string, ReplicaPage>): MergedPage {
  const through = reachOf(pages);
  const copies = new Map<string, Map<string, Scanned>>();
  for (const [node, { held }] of pages)
    for (const scanned of held) {
      const { key } = scanned;
      if (through !== undefined && compareKeys(key, through) > 0) break;
      if (!isOwner(ring, key, node)) continue;
      const known = copies.get(key);
      if (known === undefined) copies.set(key, new Map([[node, scanned]]));
      else known.set(node, scanned);
    }
  const keys = [...copies.keys()].sort(compareKeys).map(key => {
    const owners = (ring.groups[ring.group(key)] ?? []).filter(node => pages.has(node));
    return mergeKey(key, owners, copies.get(key) ?? new Map());
  });
  return { keys, through };
}

function mergeKey(key: string, owners: readonly string[], copies: ReadonlyMap<string, Scanned>): MergedKey {
  const [first, ...others] = copies.values();
  if (first === undefined) throw new TypeError('a key that nobody holds');
  const newest = others.reduce((best, next) => (compareScanned(next, best) > 0 ? next : best), first);
  const isNewest = (node: string) => {
    const copy = copies.get(node);
    return copy !== undefined && compareScanned(copy, newest) >= 0;
  };
  return {
    key,
    newest,
    holders: owners.filter(isNewest),
    stale: owners.filter(node => !isNewest(node)),
  };
}

/** The last key that every page reaches; undefined when all reach the end. */
function reachOf(pages: ReadonlyMap<string, ReplicaPage>): string | undefined {
  let least: string | undefined;
  for (const { held, more } of pages.values()) {
    const last = held.at(-1)?.key;
    if (more && last !== undefined && (least === undefined || compareKeys(last, least) < 0)) least = last;
  }
  return least;
}

function isOwner(ring: Ring, key: string, node: string): boolean {
  return ring.groups[ring.group(key)]?.includes(node) === true;
}

function compareScanned(a: Scanned, b: Scanned): number {
  return 'bucket' in a && 'bucket' in b ? compareRecords(a, b) : compareVersions(a, b);
}
