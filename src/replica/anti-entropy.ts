// Anti-entropy: owners of the same keys compare trees and publish, to the log that lacks it, what the other has. Always
// running at low rate; at once for a replica that is recovering, which it makes whole.
import type { Appender } from '../coordinator/appender.js';
import type { Liveness } from '../coordinator/liveness.js';
import { requiredOwners } from '../model/level.js';
import { BRANCHES, LEAVES_PER_BRANCH } from '../model/merkle.js';
import { compareVersions } from '../model/record.js';
import type { Ring } from '../model/ring.js';
import type { Bus, Clock, Logger, Random, Timer } from '../ports.js';
import type { LeafReply, TreeReply, WireRecord } from '../wire/generated/types.js';
import * as validators from '../wire/generated/validators.js';
import { decodeJson, encodeJson } from '../wire/json.js';
import { subjects } from '../wire/subjects.js';
import type { Replica } from './replica.js';

export interface AntiEntropySettings {
  /** Without it, owners that differ are only repaired by reads, and a recovering replica stays so. */
  readonly enabled: boolean;
  /** Between two rounds over everything this replica owns, in milliseconds. */
  readonly periodMs: number;
  /** Records sent and fetched a second while the replica is not recovering. */
  readonly recordsPerSecond: number;
}

export const ANTI_ENTROPY_DEFAULTS: AntiEntropySettings = {
  enabled: true,
  periodMs: 10_000,
  recordsPerSecond: 10_000,
};

export interface AntiEntropyOptions {
  readonly node: string;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly liveness: Liveness;
  readonly replica: Replica;
  readonly appender: Appender;
  /** Every bucket and its ring. */
  readonly rings: () => ReadonlyMap<string, Ring>;
  /** Moves everything current to the end of the log and purges the rest. */
  readonly rewriteLog: () => Promise<void>;
  readonly settings: AntiEntropySettings;
}

/** What a comparison found, or would have done. */
export interface Totals {
  /** Pairs of trees compared. */
  compared: number;
  /** Comparisons that found a difference. */
  different: number;
  /** Records this replica lacked, or had older: appended to its own log. */
  fetched: number;
  /** Records the other lacked, or had older: appended to its log. */
  sent: number;
}

/** One comparison: the keys of one bucket that one group of owners holds, with one of them. */
interface Share {
  readonly bucket: string;
  readonly group: number;
  readonly owners: readonly string[];
  readonly peer: string;
}

const TIMEOUT_MS = 5000;
/** Between rounds while the replica is recovering, in milliseconds. */
const RECOVERING_PERIOD_MS = 500;
/** After a peer came back, before it is compared: hints come first. In milliseconds. */
const RETURN_MS = 2000;
/** Leaves whose contents are listed by one request. */
const LEAVES_PER_REQUEST = 256;

export class AntiEntropy {
  readonly totals: Totals = { compared: 0, different: 0, fetched: 0, sent: 0 };
  private timer: Timer | undefined;
  private running: Promise<Totals> | undefined;
  private closed = false;
  private readonly dead = new Set<string>();
  private roundProgress = { done: 0, total: 0 };
  private roundName = '';

  constructor(private readonly options: AntiEntropyOptions) {
    const { liveness, node } = options;
    liveness.onDeath(peer => this.dead.add(peer));
    liveness.onPresence(({ node: peer }) => {
      if (this.dead.delete(peer) && peer !== node) this.schedule(RETURN_MS);
    });
  }

  /** Comparisons of the round under way, or of the last one. */
  get progress(): { done: number; total: number } {
    return this.roundProgress;
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  start(): void {
    this.schedule(this.options.replica.state === 'recovering' ? 0 : this.options.settings.periodMs);
  }

  /** The replica is recovering: goes to work at once. */
  hurry(): void {
    if (!this.closed && this.timer !== undefined) this.schedule(0);
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  /**
   * Compares everything this replica owns with every other owner, now.
   *
   * @param isDryRun counts what differs, and changes nothing.
   */
  round(isDryRun = false): Promise<Totals> {
    if (this.running !== undefined && !isDryRun) return this.running;
    const work = this.compareAll(isDryRun);
    if (isDryRun) return work;
    this.running = work.finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private schedule(delayMs: number): void {
    this.timer?.cancel();
    if (this.closed || !this.options.settings.enabled) return;
    this.timer = this.options.clock.after(delayMs, () => {
      this.round()
        .catch(error => this.options.logger.warn({ error }, 'anti-entropy stopped; it is tried again'))
        .finally(() => this.schedule(this.nextPeriodMs()));
    });
  }

  private nextPeriodMs(): number {
    return this.options.replica.state === 'recovering'
      ? RECOVERING_PERIOD_MS
      : this.options.settings.periodMs;
  }

  private async compareAll(isDryRun: boolean): Promise<Totals> {
    const { replica, liveness } = this.options;
    const found: Totals = { compared: 0, different: 0, fetched: 0, sent: 0 };
    if (replica.progress !== undefined) return found;
    this.roundName = this.options.random.token(12);
    const isRecovering = replica.state === 'recovering';
    const { lossCount } = replica;
    const shares = this.shares(isDryRun || isRecovering);
    if (!isDryRun) this.roundProgress = { done: 0, total: shares.length };
    const sources = new Map<string, { serving: number; reached: number }>();
    for (const share of shares) {
      if (this.closed) break;
      const name = `${share.bucket}/${share.group}`;
      const source = sources.get(name) ?? { serving: 0, reached: 0 };
      sources.set(name, source);
      if (liveness.isWritable(share.peer)) {
        const state = await this.compare(share, found, isDryRun).catch(error => {
          this.options.logger.debug({ error, peer: share.peer }, 'could not compare with a peer');
          return undefined;
        });
        if (state !== undefined) source.reached++;
        if (state === 'serving') source.serving++;
      }
      if (!isDryRun) this.roundProgress.done++;
    }
    if (isRecovering && !isDryRun && !this.closed && this.isWhole(sources)) {
      if (replica.isDamaged) await this.options.rewriteLog();
      await replica.becomeWhole(lossCount);
    }
    return found;
  }

  /**
   * Whether every write that a quorum acknowledged must have been seen: of each group so many other owners were read that
   * one of them holds it; or all of them, recovering ones too, so that there is nowhere left to look.
   */
  private isWhole(sources: ReadonlyMap<string, { serving: number; reached: number }>): boolean {
    const { node } = this.options;
    for (const [bucket, ring] of this.options.rings()) {
      const needed = ring.replicationFactor - requiredOwners('QUORUM', ring.replicationFactor) + 1;
      for (const [group, owners] of ring.groups.entries()) {
        if (!owners.includes(node) || owners.length === 1) continue;
        const { serving, reached } = sources.get(`${bucket}/${group}`) ?? { serving: 0, reached: 0 };
        if (serving < needed && reached < owners.length - 1) return false;
      }
    }
    return true;
  }

  /** All that is to be compared; between two owners the one that comes first asks, unless `withAll`. */
  private shares(withAll: boolean): Share[] {
    const { node } = this.options;
    const shares: Share[] = [];
    for (const [bucket, ring] of this.options.rings())
      for (const [group, owners] of ring.groups.entries()) {
        if (!owners.includes(node)) continue;
        for (const peer of owners)
          if (peer !== node && (withAll || owners.indexOf(node) < owners.indexOf(peer)))
            shares.push({ bucket, group, owners, peer });
      }
    return shares;
  }

  /** @returns the peer's state, or undefined when its memory does not show what it holds. */
  private async compare(
    share: Share,
    found: Totals,
    isDryRun: boolean,
  ): Promise<TreeReply['state'] | undefined> {
    const { replica } = this.options;
    const { bucket, group, owners, peer } = share;
    const tree = replica.memtable.tree(bucket, group);
    const ask = async (branches?: number[]): Promise<TreeReply> => {
      const request = { bucket, owners, root: tree.root(), ...(branches === undefined ? {} : { branches }) };
      const reply = await this.options.bus.request(subjects.tree(peer), encodeJson(request), TIMEOUT_MS);
      return decodeJson(validators.treeReply, reply.data);
    };
    const first = await ask();
    if (first.state === 'catching-up') return undefined;
    this.count(found, 'compared', 1, isDryRun);
    if (first.same) return first.state;
    this.count(found, 'different', 1, isDryRun);
    const mine = tree.branches();
    const branches = Array.from({ length: BRANCHES }, (_, i) => i).filter(
      i => first.branches?.[i] !== mine[i],
    );
    const { leaves = [] } = await ask(branches);
    const different = branches.flatMap((branch, i) => {
      const own = tree.leavesOf(branch);
      return own.flatMap((hash, j) => (leaves[i]?.[j] === hash ? [] : [branch * LEAVES_PER_BRANCH + j]));
    });
    for (let i = 0; i < different.length; i += LEAVES_PER_REQUEST)
      await this.exchange(share, different.slice(i, i + LEAVES_PER_REQUEST), found, isDryRun);
    return first.state;
  }

  /** Lists what the peer holds in these leaves; takes what it has newer, and gives what is newer here. */
  private async exchange(share: Share, leaves: number[], found: Totals, isDryRun: boolean): Promise<void> {
    const { replica, appender, node } = this.options;
    const { bucket, group, peer } = share;
    const own = replica.memtable.keysByLeaf(bucket, group);
    const unseen = new Set(leaves.flatMap(leaf => own.get(leaf) ?? []));
    // With nothing here to compare, the versions alone would only be asked for again as records.
    const want = unseen.size === 0 ? 'record' : 'version';
    let at = { index: 0, offset: 0 };
    for (;;) {
      const page = await this.list(share, leaves.slice(at.index), at.offset, want);
      const lacking: string[] = [];
      const records: WireRecord[] = [];
      const ahead: string[] = [];
      for (const held of page.held) {
        unseen.delete(held.key);
        const mine = replica.memtable.get(bucket, held.key);
        const order = mine === undefined ? 1 : compareVersions(held, mine);
        if (order < 0) ahead.push(held.key);
        else if (order > 0 && 'bucket' in held) records.push(held);
        else if (
          order > 0 ||
          (!('bucket' in held) && held.hash !== replica.memtable.hashOf(bucket, held.key))
        )
          lacking.push(held.key);
      }
      if (!isDryRun && lacking.length > 0) records.push(...(await this.fetch(share, lacking)));
      const taken = isDryRun ? lacking.length + records.length : records.length;
      if (!isDryRun) {
        await appender.appendAll(node, records);
        await this.send(share, ahead);
      }
      this.count(found, 'fetched', taken, isDryRun);
      this.count(found, 'sent', ahead.length, isDryRun);
      await this.throttle(taken + ahead.length, isDryRun);
      if (page.next === undefined) break;
      at = { index: at.index + page.next.index, offset: page.next.offset };
    }
    const missing = [...unseen];
    if (!isDryRun) await this.send(share, missing);
    this.count(found, 'sent', missing.length, isDryRun);
    await this.throttle(missing.length, isDryRun);
    if (!isDryRun)
      this.options.logger.debug({ peer, bucket, leaves: leaves.length }, 'exchanged what differed');
  }

  private async list(
    { bucket, owners, peer }: Share,
    leaves: number[],
    offset: number,
    want: 'version' | 'record',
  ): Promise<LeafReply> {
    const request = encodeJson({ bucket, owners, leaves, offset, want, round: this.roundName });
    const reply = await this.options.bus.request(subjects.leaves(peer), request, TIMEOUT_MS);
    return decodeJson(validators.leafReply, reply.data);
  }

  private async fetch({ bucket, peer }: Share, keys: string[]): Promise<WireRecord[]> {
    const records: WireRecord[] = [];
    let left = keys;
    while (left.length > 0) {
      const request = encodeJson({ bucket, keys: left.slice(0, 1024) });
      const reply = await this.options.bus.request(subjects.held(peer), request, TIMEOUT_MS);
      const page = decodeJson(validators.recordsReply, reply.data);
      records.push(...page.records);
      // A reply that was full names how far it came by what it holds.
      const got = new Set(page.records.map(record => record.key));
      const asked = left.slice(0, 1024);
      left = page.more ? [...asked.filter(key => !got.has(key)), ...left.slice(1024)] : left.slice(1024);
      if (page.more && got.size === 0) break;
    }
    return records;
  }

  private async send({ bucket, peer }: Share, keys: readonly string[]): Promise<void> {
    const { appender, replica } = this.options;
    await appender.appendAll(
      peer,
      keys.flatMap(key => replica.memtable.get(bucket, key) ?? []),
    );
  }

  private count(found: Totals, what: keyof Totals, by: number, isDryRun: boolean): void {
    found[what] += by;
    if (!isDryRun) this.totals[what] += by;
  }

  /** Background repair leaves room for requests; a replica that is recovering does not wait. */
  private async throttle(records: number, isDryRun: boolean): Promise<void> {
    const { replica, clock, settings } = this.options;
    if (isDryRun || records === 0 || replica.state === 'recovering') return;
    await new Promise<void>(done => clock.after((records / settings.recordsPerSecond) * 1000, done));
  }
}
