// One comparison of anti-entropy: the keys of one group of owners, with one of them. Trees first, so that owners who agree
// exchange two messages; then the leaves that differ; then the records that one of the two lacks.
import type { Appender } from '../coordinator/appender.js';
import { BRANCHES, LEAVES_PER_BRANCH } from '../model/merkle.js';
import { compareVersions, isGone, tombstoneOf, type Version } from '../model/record.js';
import type { Bus } from '../ports.js';
import type { LeafReply, RepairTotals, TreeReply, TreeRequest, WireRecord } from '../wire/generated/types.js';
import * as validators from '../wire/generated/validators.js';
import { decodeReply, encodeJson } from '../wire/json.js';
import { subjects } from '../wire/subjects.js';
import type { Replica } from './replica.js';

/** What two owners compare: the keys of one bucket that one group of owners holds. */
export interface Share {
  readonly bucket: string;
  readonly group: number;
  readonly owners: readonly string[];
  readonly peer: string;
}

export interface ComparisonOptions {
  readonly node: string;
  readonly bus: Bus;
  readonly replica: Replica;
  readonly appender: Appender;
  /** Names the round: peers keep one listing of their keys for each. */
  readonly round: string;
  /** Counts what differs, and changes nothing. */
  readonly isDryRun: boolean;
  readonly count: (what: keyof RepairTotals, by: number) => void;
  /** Resolves when the next may follow after so many records. */
  readonly throttle: (records: number) => Promise<void>;
}

/** What a comparison found of the peer. */
export interface Compared {
  readonly state: TreeReply['state'];
  /**
   * Up to when, microseconds since 1970, both held the same, with nothing more on its way to the peer: whatever differed was
   * newer on one side, and is on both now.
   */
  readonly agreedUpTo: number;
}

const TIMEOUT_MS = 5000;
/** Leaves whose contents are listed by one request. */
const LEAVES_PER_REQUEST = 256;
/** Keys of one request for records; the schema allows no more. */
const KEYS_PER_REQUEST = 1024;
/** Keys that are settled at a time: one of the two may lack everything, and only what follows can be made to wait. */
const KEYS_PER_PIECE = 1024;

export class Comparison {
  /** Up to where each side, if it serves, knows that what it does not hold was deleted (see purge.ts). */
  private floors = { here: 0, there: 0 };
  /** The oldest time at which something was found to differ. */
  private oldest = Number.POSITIVE_INFINITY;

  constructor(
    private readonly options: ComparisonOptions,
    private readonly share: Share,
  ) {}

  /**
   * Compares, and repairs what differs on either side.
   *
   * @returns undefined when the peer's memory does not show what it holds.
   * @throws when the peer cannot be asked, or a log does not take a record.
   */
  async run(): Promise<Compared | undefined> {
    const { replica, count, isDryRun } = this.options;
    const { memtable } = replica;
    const { bucket, group } = this.share;
    const floor = memtable.floor(bucket, group);
    const first = await this.ask({ root: memtable.tree(bucket, group).root(), floor });
    const { state, settled = 0, floor: theirs = 0 } = first;
    if (state === 'catching-up') return undefined;
    count('compared', 1);
    if (first.same) {
      if (!isDryRun) this.takeFloor(theirs);
      return { state, agreedUpTo: settled };
    }
    // Each side goes by the higher floor of the two; there nothing may be left of the difference.
    const tree = memtable.treeAt(bucket, group, theirs);
    const mine = tree.branches();
    const branches = Array.from({ length: BRANCHES }, (_, i) => i).filter(
      i => first.branches?.[i] !== mine[i],
    );
    if (branches.length > 0) {
      count('different', 1);
      const { leaves = [] } = await this.ask({ root: tree.root(), floor, branches });
      const different = branches.flatMap((branch, i) => {
        const own = tree.leavesOf(branch);
        return own.flatMap((hash, j) => (leaves[i]?.[j] === hash ? [] : [branch * LEAVES_PER_BRANCH + j]));
      });
      this.floors = {
        here: replica.state === 'serving' ? floor : 0,
        there: state === 'serving' ? theirs : 0,
      };
      for (let i = 0; i < different.length; i += LEAVES_PER_REQUEST)
        await this.exchange(different.slice(i, i + LEAVES_PER_REQUEST));
    }
    if (!isDryRun) await this.shareFloors(floor, theirs);
    return { state, agreedUpTo: Math.min(settled, this.oldest - 1) };
  }

  /** The higher floor becomes both's when nothing up to it differed. */
  private async shareFloors(floor: number, theirs: number): Promise<void> {
    const { replica } = this.options;
    const { bucket, group } = this.share;
    if (theirs < floor && floor < this.oldest)
      await this.ask({ root: replica.memtable.tree(bucket, group).root(), floor, agreed: true });
    if (theirs < this.oldest) this.takeFloor(theirs);
  }

  private takeFloor(floor: number): void {
    const { replica } = this.options;
    if (replica.state === 'serving') replica.memtable.raiseFloor(this.share.bucket, this.share.group, floor);
  }

  private async ask(question: Omit<TreeRequest, 'bucket' | 'owners'>): Promise<TreeReply> {
    const { bucket, owners, peer } = this.share;
    const request = encodeJson({ bucket, owners, ...question });
    const reply = await this.options.bus.request(subjects.tree(peer), request, TIMEOUT_MS);
    return decodeReply(validators.treeReply, reply.data);
  }

  /** Lists what the peer holds in these leaves; takes what it has newer, and gives what is newer here. */
  private async exchange(leaves: number[]): Promise<void> {
    const { memtable } = this.options.replica;
    const own = memtable.keysByLeaf(this.share.bucket, this.share.group);
    const unseen = new Set(leaves.flatMap(leaf => own.get(leaf) ?? []));
    // With nothing here to compare, the versions alone would only be asked for again as records.
    const want = unseen.size === 0 ? 'record' : 'version';
    let at = { index: 0, offset: 0 };
    for (;;) {
      const page = await this.list(leaves.slice(at.index), at.offset, want);
      for (const { key } of page.held) unseen.delete(key);
      for (const held of pieces(page.held)) await this.settle(held);
      if (page.next === undefined) break;
      at = { index: at.index + page.next.index, offset: page.next.offset };
    }
    await this.settleUnseen(unseen);
  }

  /** Makes both sides hold the newer of what the peer listed and what is here. */
  private async settle(page: LeafReply['held']): Promise<void> {
    const { replica, appender, node, isDryRun, count, throttle } = this.options;
    const { bucket, peer } = this.share;
    const lacking: string[] = [];
    const records: WireRecord[] = [];
    const ahead: string[] = [];
    const ghosts: WireRecord[] = [];
    for (const held of page) {
      const mine = replica.memtable.get(bucket, held.key);
      if (mine === undefined && held.time <= this.floors.here) {
        if (!isGone(held, this.floors.here)) ghosts.push(tombstoneOf({ ...held, bucket }));
        continue;
      }
      const order = mine === undefined ? 1 : compareVersions(held, mine);
      // Equal versions with unequal values: a writer used one twice. Both sides need both, to keep the same one.
      const isTwin =
        order === 0 && !('bucket' in held) && held.hash !== replica.memtable.hashOf(bucket, held.key);
      if (order !== 0 || isTwin) this.differs(held, mine);
      if (order < 0 || isTwin) ahead.push(held.key);
      if (order > 0 && 'bucket' in held) records.push(held);
      else if (order > 0 || isTwin) lacking.push(held.key);
    }
    if (!isDryRun) {
      records.push(...(await this.fetch(lacking)));
      await appender.appendAll(node, records);
      await this.bury(peer, ghosts);
    }
    const fetched = records.length + (isDryRun ? lacking.length : 0);
    count('fetched', fetched);
    await this.send(ahead);
    await throttle(fetched + ahead.length);
  }

  /** Of what is held here and not there, sends what the peer lacks, and deletes here what there is known to be deleted. */
  private async settleUnseen(keys: Iterable<string>): Promise<void> {
    const { replica, node, isDryRun, throttle } = this.options;
    const missing: string[] = [];
    const ghosts: WireRecord[] = [];
    for (const key of keys) {
      const mine = replica.memtable.get(this.share.bucket, key);
      if (mine === undefined) continue;
      if (mine.time <= this.floors.there) {
        if (!isGone(mine, this.floors.there)) ghosts.push(tombstoneOf(mine));
        continue;
      }
      this.differs(mine, undefined);
      missing.push(key);
    }
    if (!isDryRun) await this.bury(node, ghosts);
    for (const some of pieces(missing)) {
      await this.send(some);
      await throttle(some.length);
    }
  }

  /** Deletes, on `node`, values that the other side is known to have deleted. */
  private async bury(node: string, ghosts: readonly WireRecord[]): Promise<void> {
    for (const ghost of ghosts) this.differs(ghost, undefined);
    await this.options.appender.appendAll(node, ghosts);
  }

  /**
   * Notes since when the two sides differed: since the newer of the two was written; or, of one version whose life a touch
   * has made longer on one side, not before it ends on the other.
   */
  private differs(a: Version, b: Version | undefined): void {
    const isTouched = a.time === b?.time && a.writer === b.writer && a.deleted !== true && b.deleted !== true;
    const since = isTouched
      ? Math.max(a.time, Math.min(a.expiresAt ?? a.time, b.expiresAt ?? a.time))
      : Math.max(a.time, b?.time ?? 0);
    this.oldest = Math.min(this.oldest, since);
  }

  private async list(leaves: number[], offset: number, want: 'version' | 'record'): Promise<LeafReply> {
    const { bucket, owners, peer } = this.share;
    const request = encodeJson({ bucket, owners, leaves, offset, want, round: this.options.round });
    const reply = await this.options.bus.request(subjects.leaves(peer), request, TIMEOUT_MS);
    return decodeReply(validators.leafReply, reply.data);
  }

  private async fetch(keys: readonly string[]): Promise<WireRecord[]> {
    const { bucket, peer } = this.share;
    const records: WireRecord[] = [];
    let left = keys;
    while (left.length > 0) {
      const asked = left.slice(0, KEYS_PER_REQUEST);
      const request = encodeJson({ bucket, keys: asked });
      const reply = await this.options.bus.request(subjects.held(peer), request, TIMEOUT_MS);
      const page = decodeReply(validators.recordsReply, reply.data);
      records.push(...page.records);
      // A reply that was full names how far it came by what it holds.
      const got = new Set(page.records.map(record => record.key));
      if (page.more && got.size === 0) break;
      left = [...(page.more ? asked.filter(key => !got.has(key)) : []), ...left.slice(KEYS_PER_REQUEST)];
    }
    return records;
  }

  private async send(keys: readonly string[]): Promise<void> {
    const { appender, replica, isDryRun, count } = this.options;
    const { bucket, peer } = this.share;
    if (!isDryRun)
      await appender.appendAll(
        peer,
        keys.flatMap(key => replica.memtable.get(bucket, key) ?? []),
      );
    count('sent', keys.length);
  }
}

function* pieces<T>(all: readonly T[]): Generator<T[]> {
  for (let from = 0; from < all.length; from += KEYS_PER_PIECE) yield all.slice(from, from + KEYS_PER_PIECE);
}
