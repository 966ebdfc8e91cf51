// Anti-entropy: owners of the same keys compare trees and publish, to the log that lacks it, what the other has. Always
// running at low rate; at once for a replica that is recovering, which it makes whole, and for one that was away.
import type { Appender } from '../coordinator/appender.js';
import type { Liveness } from '../coordinator/liveness.js';
import { hasMetQuorums, type Sources } from '../model/need.js';
import type { Ring } from '../model/ring.js';
import type { Bus, Clock, Logger, Random, Timer } from '../ports.js';
import type { RepairTotals } from '../wire/generated/types.js';
import { Comparison, type Share } from './comparison.js';
import type { Agreement, Purge } from './purge.js';
import type { Replica } from './replica.js';

export interface AntiEntropySettings {
  /** Without it, owners that differ are only repaired by reads or on demand, and a recovering replica stays so. */
  readonly enabled: boolean;
  /** Between two rounds over everything this replica owns, in milliseconds. */
  readonly periodMs: number;
  /** Records sent and fetched a second while the replica is not recovering. */
  readonly recordsPerSecond: number;
  /** Longer than any write may be under way, its retries included, in milliseconds. Deletes are kept twice as long. */
  readonly purgeAfterMs: number;
}

export const ANTI_ENTROPY_DEFAULTS: AntiEntropySettings = {
  enabled: true,
  periodMs: 10_000,
  recordsPerSecond: 10_000,
  purgeAfterMs: 900_000,
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
  /** Appends everything in memory to the log again, and purges the rest. */
  readonly rewriteLog: () => Promise<void>;
  readonly purge: Purge;
  readonly settings: AntiEntropySettings;
}

export interface RoundOptions {
  /** Counts what differs, and changes nothing. */
  readonly isDryRun?: boolean;
  /** With every other owner, also those that compare with this one by themselves. */
  readonly withAll?: boolean;
}

/** What one round did. */
export interface Round {
  readonly found: RepairTotals;
  /** Owners that could not be compared with, in whole or in part. */
  readonly unreached: ReadonlySet<string>;
}

/** What the comparisons of a round tell of each group, named `<bucket>/<group>`. */
interface Findings {
  readonly sources: ReadonlyMap<string, Sources>;
  readonly agreements: ReadonlyMap<string, Agreement>;
}

/** Between rounds while the replica is recovering, in milliseconds. */
const RECOVERING_PERIOD_MS = 500;
/** After this node or a peer came back, before they are compared: hints come first. In milliseconds. */
const RETURN_MS = 2000;

export class AntiEntropy {
  readonly totals: RepairTotals = noTotals();
  private timer: Timer | undefined;
  private dueAtMs = Number.POSITIVE_INFINITY;
  private running: Promise<Round> | undefined;
  private counting: Promise<Round> | undefined;
  private started = false;
  private closed = false;
  /** The incarnation that each dead peer had. */
  private readonly dead = new Map<string, number | undefined>();
  /** Peers to compare with soon: one of the two was away. */
  private returned = new Set<string>();
  private roundCount = 0;
  private completedAt: number | null = null;
  private roundProgress = { done: 0, total: 0 };

  constructor(private readonly options: AntiEntropyOptions) {
    const { liveness, node } = options;
    liveness.onDeath(peer => this.dead.set(peer, liveness.presenceOf(peer)?.incarnation));
    liveness.onPresence(({ node: peer, incarnation }) => {
      const before = this.dead.get(peer);
      // One that was started again compares by itself; one that hung or was cut off may not know that it was away.
      if (!this.dead.delete(peer) || peer === node || incarnation !== before) return;
      this.returned.add(peer);
      this.wake(RETURN_MS);
    });
  }

  get isEnabled(): boolean {
    return this.options.settings.enabled;
  }

  /** Rounds ended since the start. */
  get rounds(): number {
    return this.roundCount;
  }

  /** When a round last reached every owner, in milliseconds since 1970; null while none has. */
  get lastCompletedAt(): number | null {
    return this.completedAt;
  }

  /** Comparisons of the round under way; null when there is none. */
  get progress(): { done: number; total: number } | null {
    return this.running === undefined ? null : this.roundProgress;
  }

  start(): void {
    this.started = true;
    // It may have been away for longer than anybody kept hints.
    for (const peer of this.peers()) this.returned.add(peer);
    this.wake(this.options.replica.state === 'recovering' ? 0 : RETURN_MS);
  }

  /** The replica is recovering: goes to work at once. */
  hurry(): void {
    this.wake(0);
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  /** Compares everything this replica owns with every other owner, from now on, and repairs what differs unless told not to. */
  async repair(isDryRun: boolean): Promise<Round> {
    if (isDryRun) {
      this.counting ??= this.compareAll({ isDryRun, withAll: true }).finally(() => {
        this.counting = undefined;
      });
      return this.counting;
    }
    // A round under way has compared some of it before now.
    await this.running?.catch(() => {});
    return this.round({ withAll: true });
  }

  /** One round, or the one that is under way. */
  round(options: RoundOptions = {}): Promise<Round> {
    this.running ??= this.compareAll(options).finally(() => {
      this.running = undefined;
      this.wake(this.nextPeriodMs());
    });
    return this.running;
  }

  /** Plans the next round, unless it is due earlier anyway. */
  private wake(delayMs: number): void {
    // The end of a round under way plans the next.
    if (this.closed || !this.started || !this.isEnabled || this.running !== undefined) return;
    const dueAtMs = this.options.clock.monotonic() + delayMs;
    if (this.timer !== undefined && this.dueAtMs <= dueAtMs) return;
    this.timer?.cancel();
    this.dueAtMs = dueAtMs;
    this.timer = this.options.clock.after(delayMs, () => {
      this.timer = undefined;
      this.round().catch(error =>
        this.options.logger.warn({ error }, 'anti-entropy stopped; it is tried again'),
      );
    });
  }

  private nextPeriodMs(): number {
    if (this.options.replica.state === 'recovering') return RECOVERING_PERIOD_MS;
    return this.returned.size > 0 ? RETURN_MS : this.options.settings.periodMs;
  }

  private async compareAll({ isDryRun = false, withAll = false }: RoundOptions): Promise<Round> {
    const { replica, liveness, clock } = this.options;
    const round = { found: noTotals(), unreached: new Set<string>() };
    if (replica.progress !== undefined) return { ...round, unreached: new Set(this.peers()) };
    const isRecovering = replica.state === 'recovering';
    const { lossCount } = replica;
    const { returned } = this;
    if (!isDryRun) this.returned = new Set();
    const shares = this.shares(peer => isDryRun || isRecovering || withAll || returned.has(peer));
    if (!isDryRun) this.roundProgress = { done: 0, total: shares.length };
    // As of now: what comes from here on may come too late for the first comparison.
    const settled = this.options.purge.settled();
    const { sources, agreements } = await this.compareShares(shares, round, isDryRun);
    if (isDryRun || this.closed) return round;
    if (isRecovering && this.isWhole(sources)) {
      if (replica.isDamaged) await this.options.rewriteLog();
      await replica.becomeWhole(lossCount);
    }
    this.options.purge.raise(agreements, settled);
    for (const peer of round.unreached) if (liveness.isWritable(peer)) this.returned.add(peer);
    this.roundCount++;
    if (round.unreached.size === 0) this.completedAt = clock.now();
    return round;
  }

  private async compareShares(
    shares: readonly Share[],
    { found, unreached }: { found: RepairTotals; unreached: Set<string> },
    isDryRun: boolean,
  ): Promise<Findings> {
    const { liveness, logger } = this.options;
    const sources = new Map<string, { serving: Set<string>; reached: Set<string> }>();
    const agreements = new Map<string, Agreement>();
    const round = this.options.random.token(12);
    for (const share of shares) {
      if (this.closed) break;
      const name = `${share.bucket}/${share.group}`;
      const source = sources.get(name) ?? { serving: new Set(), reached: new Set() };
      sources.set(name, source);
      const comparison = new Comparison(
        {
          ...this.options,
          round,
          isDryRun,
          count: (what, by) => {
            found[what] += by;
            if (!isDryRun) this.totals[what] += by;
          },
          throttle: records => this.throttle(records, isDryRun),
        },
        share,
      );
      const compared = liveness.isWritable(share.peer)
        ? await comparison.run().catch(error => {
            logger.debug({ error, peer: share.peer }, 'could not compare with a peer');
            return undefined;
          })
        : undefined;
      if (compared === undefined) unreached.add(share.peer);
      else {
        source.reached.add(share.peer);
        agree(agreements, name, compared.agreedUpTo);
      }
      if (compared?.state === 'serving') source.serving.add(share.peer);
      if (!isDryRun) this.roundProgress.done++;
    }
    return { sources, agreements };
  }

  /** Whether every write that a quorum acknowledged, of all owners or of this node's zone, must have been seen. */
  private isWhole(sources: ReadonlyMap<string, Sources>): boolean {
    const { node } = this.options;
    const none: Sources = { serving: new Set(), reached: new Set() };
    for (const [bucket, ring] of this.options.rings()) {
      const zoneOf = (owner: string) => ring.zoneOf(owner);
      for (const [group, owners] of ring.groups.entries()) {
        const met = sources.get(`${bucket}/${group}`) ?? none;
        if (owners.includes(node) && !hasMetQuorums(node, { owners, zoneOf }, met)) return false;
      }
    }
    return true;
  }

  /** All that is to be compared; between two owners the one that comes first asks, unless `withPeer`. */
  private shares(withPeer: (peer: string) => boolean): Share[] {
    const { node } = this.options;
    const shares: Share[] = [];
    for (const [bucket, ring] of this.options.rings())
      for (const [group, owners] of ring.groups.entries()) {
        if (!owners.includes(node)) continue;
        for (const peer of owners)
          if (peer !== node && (withPeer(peer) || owners.indexOf(node) < owners.indexOf(peer)))
            shares.push({ bucket, group, owners, peer });
      }
    return shares;
  }

  /** Every node that owns something this one owns too. */
  private peers(): string[] {
    return this.shares(() => true).map(({ peer }) => peer);
  }

  /** Background repair leaves room for requests; a replica that is recovering does not wait. */
  private async throttle(records: number, isDryRun: boolean): Promise<void> {
    const { replica, clock, settings } = this.options;
    if (isDryRun || records === 0 || replica.state === 'recovering') return;
    await new Promise<void>(done => clock.after((records / settings.recordsPerSecond) * 1000, done));
  }
}

function noTotals(): RepairTotals {
  return { compared: 0, different: 0, fetched: 0, sent: 0 };
}

function agree(agreements: Map<string, Agreement>, name: string, upTo: number): void {
  const { owners, upTo: least } = agreements.get(name) ?? { owners: 0, upTo };
  agreements.set(name, { owners: owners + 1, upTo: Math.min(least, upTo) });
}
