// One comparison of anti-entropy: the keys of one group of owners, with one of them. Trees first, so that owners who agree
// exchange two messages; then the leaves that differ; then the records that one of the two lacks.
import type { Appender } from '../coordinator/appender.js';
import { BRANCHES, LEAVES_PER_BRANCH } from '../model/merkle.js';
import { compareVersions } from '../model/record.js';
import type { Bus } from '../ports.js';
import type {
  LeafReply,
  RepairTotals,
  ReplicaState,
  TreeReply,
  WireRecord,
} from '../wire/generated/types.js';
import * as validators from '../wire/generated/validators.js';
import { decodeJson, encodeJson } from '../wire/json.js';
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

const TIMEOUT_MS = 5000;
/** Leaves whose contents are listed by one request. */
const LEAVES_PER_REQUEST = 256;
/** Keys of one request for records; the schema allows no more. */
const KEYS_PER_REQUEST = 1024;

export class Comparison {
  constructor(
    private readonly options: ComparisonOptions,
    private readonly share: Share,
  ) {}

  /**
   * Compares, and repairs what differs on either side.
   *
   * @returns the peer's state, or undefined when its memory does not show what it holds.
   * @throws when the peer cannot be asked, or a log does not take a record.
   */
  async run(): Promise<ReplicaState | undefined> {
    const { replica, count } = this.options;
    const tree = replica.memtable.tree(this.share.bucket, this.share.group);
    const first = await this.ask(tree.root());
    if (first.state === 'catching-up') return undefined;
    count('compared', 1);
    if (first.same) return first.state;
    count('different', 1);
    const mine = tree.branches();
    const branches = Array.from({ length: BRANCHES }, (_, i) => i).filter(
      i => first.branches?.[i] !== mine[i],
    );
    const { leaves = [] } = await this.ask(tree.root(), branches);
    const different = branches.flatMap((branch, i) => {
      const own = tree.leavesOf(branch);
      return own.flatMap((hash, j) => (leaves[i]?.[j] === hash ? [] : [branch * LEAVES_PER_BRANCH + j]));
    });
    for (let i = 0; i < different.length; i += LEAVES_PER_REQUEST)
      await this.exchange(different.slice(i, i + LEAVES_PER_REQUEST));
    return first.state;
  }

  private async ask(root: string, branches?: number[]): Promise<TreeReply> {
    const { bucket, owners, peer } = this.share;
    const request = { bucket, owners, root, ...(branches === undefined ? {} : { branches }) };
    const reply = await this.options.bus.request(subjects.tree(peer), encodeJson(request), TIMEOUT_MS);
    return decodeJson(validators.treeReply, reply.data);
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
      await this.settle(page.held);
      if (page.next === undefined) break;
      at = { index: at.index + page.next.index, offset: page.next.offset };
    }
    await this.send([...unseen]);
    await this.options.throttle(unseen.size);
  }

  /** Makes both sides hold the newer of what the peer listed and what is here. */
  private async settle(page: LeafReply['held']): Promise<void> {
    const { replica, appender, node, isDryRun, count, throttle } = this.options;
    const { bucket } = this.share;
    const lacking: string[] = [];
    const records: WireRecord[] = [];
    const ahead: string[] = [];
    for (const held of page) {
      const mine = replica.memtable.get(bucket, held.key);
      const order = mine === undefined ? 1 : compareVersions(held, mine);
      // Equal versions with unequal values: a writer used one twice. Both sides need both, to keep the same one.
      const isTwin =
        order === 0 && !('bucket' in held) && held.hash !== replica.memtable.hashOf(bucket, held.key);
      if (order < 0 || isTwin) ahead.push(held.key);
      if (order > 0 && 'bucket' in held) records.push(held);
      else if (order > 0 || isTwin) lacking.push(held.key);
    }
    if (!isDryRun) {
      records.push(...(await this.fetch(lacking)));
      await appender.appendAll(node, records);
    }
    const fetched = records.length + (isDryRun ? lacking.length : 0);
    count('fetched', fetched);
    await this.send(ahead);
    await throttle(fetched + ahead.length);
  }

  private async list(leaves: number[], offset: number, want: 'version' | 'record'): Promise<LeafReply> {
    const { bucket, owners, peer } = this.share;
    const request = encodeJson({ bucket, owners, leaves, offset, want, round: this.options.round });
    const reply = await this.options.bus.request(subjects.leaves(peer), request, TIMEOUT_MS);
    return decodeJson(validators.leafReply, reply.data);
  }

  private async fetch(keys: readonly string[]): Promise<WireRecord[]> {
    const { bucket, peer } = this.share;
    const records: WireRecord[] = [];
    let left = keys;
    while (left.length > 0) {
      const asked = left.slice(0, KEYS_PER_REQUEST);
      const request = encodeJson({ bucket, keys: asked });
      const reply = await this.options.bus.request(subjects.held(peer), request, TIMEOUT_MS);
      const page = decodeJson(validators.recordsReply, reply.data);
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
