// Scans: a page of the keys of a bucket in key order. So many owners are asked that every key is answered for by as many as
// its level needs; their pages are merged, the newest of each key wins, and owners found stale are repaired before the
// answer, so that of two successive quorum scans the second is never older.
import { InvalidRequestError, OverloadedError, UnavailableError } from '../errors.js';
import { coverage } from '../model/cover.js';
import { Level, requiredOwners } from '../model/level.js';
import { versionText } from '../model/record.js';
import type { Ring } from '../model/ring.js';
import type { ScanReply } from '../wire/generated/types.js';
import { encodeJson, jsonBytes } from '../wire/json.js';
import { continuationOf, type Scan } from '../wire/scan.js';
import type { Coordination } from './coordination.js';
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
    const required = requiredOwners(scan.level, ring.replicationFactor);
    if (required > ring.replicationFactor)
      throw new InvalidRequestError(
        'level',
        `level ${scan.level} needs ${required} owners; the bucket has ${ring.replicationFactor} for each key`,
      );
    const candidates = this.candidates(ring);
    const alive = coverage(ring, new Set(candidates));
    if (alive < required)
      throw new UnavailableError(
        required,
        alive,
        `the level needs ${required} owners of every key, some have ${alive} alive`,
      );
    if (this.underWay >= PAGES_MAX)
      throw new OverloadedError('too many scans are under way; try again later');
    this.underWay++;
    try {
      return await this.carryOut(scan, ring, { required, candidates, deadlineAtMs });
    } finally {
      this.underWay--;
    }
  }

  private async carryOut(
    scan: Scan,
    ring: Ring,
    options: { required: number; candidates: readonly string[]; deadlineAtMs: number },
  ): Promise<ScanReply> {
    const { c } = this;
    const { required, candidates, deadlineAtMs } = options;
    const bytesMax = Math.floor(c.bus.maxPayload * REPLY_FILL);
    const want = scan.keysOnly ? 'versions' : 'records';
    const { bucket, range, limit, level } = scan;
    const request = encodeJson({ bucket, ...range, want, limit, bytes: bytesMax });
    const cover = { groups: ring.groups, required };
    const pages = await gatherPages(c, { cover, candidates, request, deadlineAtMs });
    const { keys, records, next } = cut(mergePages(ring, pages), scan, bytesMax);
    if (level !== Level.One) await repairStale(c, keys, { bucket, required, deadlineAtMs });
    c.hlc.observe(keys.reduce((newest, key) => Math.max(newest, key.newest.time), 0));
    return {
      records,
      ...(next === undefined ? {} : { next: continuationOf(next) }),
      level,
      required,
      received: coverage(ring, new Set(pages.keys())),
    };
  }

  /** Who can be asked: the coordinator's own replica is near, and first. */
  private candidates(ring: Ring): string[] {
    const { liveness, self } = this.c;
    const { nodes } = ring;
    const at = this.turn++ % nodes.length;
    const inTurn = [...nodes.slice(at), ...nodes.slice(0, at)].filter(node => liveness.isReadable(node));
    return inTurn.sort((a, b) => Number(b === self) - Number(a === self));
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
  const { key, deleted } = newest;
  const value = 'value' in newest && newest.value !== undefined ? { value: newest.value } : {};
  const base64 = 'base64' in newest && newest.base64 !== undefined ? { base64: newest.base64 } : {};
  return {
    key,
    ...value,
    ...base64,
    ...(deleted === true ? { deleted } : {}),
    version: versionText(newest),
  };
}
