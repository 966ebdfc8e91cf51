// Scans: a page of the keys of a bucket in key order. So many owners are asked that every key is answered for by as many as
// its level needs; their pages are merged, the newest of each key wins, and owners found stale are repaired before the
// answer, so that of two successive quorum scans the second is never older.
import { OverloadedError, UnavailableError } from '../errors.js';
import { coverage, uncovered } from '../model/cover.js';
import { Level } from '../model/level.js';
import { type Need, needText, requiredBy } from '../model/need.js';
import { tombstoneOf, versionText } from '../model/record.js';
import type { Ring } from '../model/ring.js';
import type { ScanReply } from '../wire/generated/types.js';
import { encodeJson, jsonBytes } from '../wire/json.js';
import { continuationOf, type Scan } from '../wire/scan.js';
import { type Coordination, needFor } from './coordination.js';
import { hasExpired } from './expiry.js';
import { gatherPages } from './scan-gather.js';
import { type MergedKey, type MergedPage, mergePages, type Scanned } from './scan-merge.js';
import { repairStale } from './scan-repair.js';

/** Pages under way at once: each may hold a large message of every node. */
const PAGES_MAX = 64;
/** Part of the broker's largest message that the records of one page may fill. */
const REPLY_FILL = 0.75;

export class Scans {
  private underWay = 0;
  /** Who is asked first goes round, so that the same nodes are not left out each time. */
  private turn = 0;

  constructor(private readonly c: Coordination) {}

  /**
   * Coordinates one page.
   *
   * @param deadlineAtMs on the monotonic clock.
   * @throws InvalidRequestError, UnavailableError, OverloadedError: nobody was asked.
   * @throws ReadTimeoutError too few answers, or too few acks of a repair, in time.
   */
  async page(scan: Scan, deadlineAtMs: number): Promise<ScanReply> {
    const ring = this.c.rings.of(scan.bucket);
    const needs = ring.groups.map(owners => needFor(this.c, ring, owners, scan));
    const candidates = this.candidates(ring);
    const missing = uncovered(needs.flat(), new Set(candidates));
    if (missing !== undefined) {
      const { required, there, zone } = missing;
      const why = `the level needs ${needText([{ zone, required }])} of every key, some have ${there} alive`;
      throw new UnavailableError(required, there, why, { zone });
    }
    if (this.underWay >= PAGES_MAX)
      throw new OverloadedError('too many scans are under way; try again later');
    this.underWay++;
    try {
      return await this.carryOut(scan, ring, { needs, candidates, deadlineAtMs });
    } finally {
      this.underWay--;
    }
  }

  private async carryOut(
    scan: Scan,
    ring: Ring,
    options: { needs: readonly Need[]; candidates: readonly string[]; deadlineAtMs: number },
  ): Promise<ScanReply> {
    const { c } = this;
    const { needs, candidates, deadlineAtMs } = options;
    const bytesMax = Math.floor(c.bus.maxPayload * REPLY_FILL);
    const want = scan.keysOnly ? 'versions' : 'records';
    const { bucket, range, limit, level } = scan;
    const request = encodeJson({ bucket, ...range, want, limit, bytes: bytesMax });
    const pages = await gatherPages(c, { need: needs.flat(), candidates, request, deadlineAtMs });
    const { keys, records, next } = cut(this.asOfNow(mergePages(ring, pages), bucket), scan, bytesMax);
    if (level !== Level.One) {
      const needOf = (key: string) => needs[ring.group(key)] ?? [];
      await repairStale(c, keys, { bucket, needOf, deadlineAtMs });
    }
    c.hlc.observe(keys.reduce((newest, key) => Math.max(newest, key.newest.time), 0));
    return {
      records,
      ...(next === undefined ? {} : { next: continuationOf(next) }),
      level,
      required: Math.min(...needs.map(requiredBy)),
      received: coverage(ring.groups, new Set(pages.keys())),
    };
  }

  /** An expired record is the delete that it has become, which no owner holds yet: see `ReadInProgress.repair`. */
  private asOfNow({ keys, through }: MergedPage, bucket: string): MergedPage {
    const now = keys.map(merged => {
      const { key, newest, holders, stale } = merged;
      if (newest.deleted === true || !hasExpired(this.c, newest)) return merged;
      return { key, newest: tombstoneOf({ ...newest, bucket }), holders: [], stale: [...holders, ...stale] };
    });
    return { keys: now, through };
  }

  /** Who can be asked: the coordinator's own replica is near, and first; then those of its zone. */
  private candidates(ring: Ring): string[] {
    const { liveness, self, zone } = this.c;
    const { nodes } = ring;
    const at = this.turn++ % nodes.length;
    const inTurn = [...nodes.slice(at), ...nodes.slice(0, at)].filter(node => liveness.isReadable(node));
    const nearness = (node: string) =>
      node === self ? 2 : zone !== undefined && ring.zoneOf(node) === zone ? 1 : 0;
    return inTurn.sort((a, b) => nearness(b) - nearness(a));
  }
}

interface Cut {
  /** The keys that the page answers for, tombstones too. */
  readonly keys: readonly MergedKey[];
  readonly records: ScanReply['records'];
  /** The key behind which the next page begins; undefined when this is the last. */
  readonly next: string | undefined;
}

/** As much of the merged page as may be shown at once. */
function cut({ keys, through }: MergedPage, scan: Scan, bytesMax: number): Cut {
  const records: ScanReply['records'] = [];
  let left = bytesMax;
  for (const [i, { key, newest }] of keys.entries()) {
    if (newest.deleted === true && !scan.deleted) continue;
    const record = shownOf(newest);
    left -= jsonBytes(record) + 1;
    if (records.length >= scan.limit || (left < 0 && records.length > 0)) {
      const answered = keys.slice(0, i);
      return { keys: answered, records, next: answered.at(-1)?.key ?? key };
    }
    records.push(record);
  }
  return { keys, records, next: through };
}

function shownOf(newest: Scanned): ScanReply['records'][number] {
  const { key, deleted, expiresAt } = newest;
  const value = 'value' in newest && newest.value !== undefined ? { value: newest.value } : {};
  const base64 = 'base64' in newest && newest.base64 !== undefined ? { base64: newest.base64 } : {};
  return {
    key,
    ...value,
    ...base64,
    ...(deleted === true ? { deleted } : {}),
    version: versionText(newest),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
