// A watch: first what is there, then every newer version once, each key's in order. It follows what the logs of all nodes
// store; each record is stored by several, so that the death of one loses nothing. Where something was missed (a jump in a
// log's sequence, a heartbeat that names entries that never came, too few owners heard, a slow reader) it looks at
// everything again, versions only, and delivers what is newer than it has delivered.
import { Liveness } from '../../coordinator/liveness.js';
import { ClosedError, InvalidRequestError } from '../../errors.js';
import { Level, requiredOwners } from '../../model/level.js';
import { isGone, parseVersion, tombstoneOf } from '../../model/record.js';
import type { Ring } from '../../model/ring.js';
import type { AppliedFeed, Bus, Clock, StreamEntry, Subscription, Timer } from '../../ports.js';
import type { GetReply, Presence, ScanReply, WireRecord } from '../../wire/generated/types.js';
import { decodeEntry } from '../../wire/log-entry.js';
import { Delivered } from './delivered.js';
import { eventOf, vanished, type WatchEvent } from './event.js';
import { EventQueue } from './event-queue.js';
import { Following } from './following.js';

export interface WatcherOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly feed: AppliedFeed;
  readonly ring: Ring;
  readonly bucket: string;
  /** What the bucket's records carry; its name when undefined. */
  readonly life?: string;
  /** Whether the bucket was dropped since. Default: it never is. */
  readonly isOver?: () => Promise<boolean>;
  /** Now by the nodes' clocks, in milliseconds since 1970; default this process's. */
  readonly nodesNow?: () => number;
  readonly prefix: string;
  /** `last`: what is there, then updates. `updates`: what is written once the watch has begun. */
  readonly include: 'last' | 'updates';
  /** All pages of the keys watched, at QUORUM, tombstones too. */
  readonly scan: (keysOnly: boolean) => AsyncIterable<ScanReply>;
  /** Reads keys; undefined for one that could not be read. */
  readonly read: (keys: readonly string[], level: Level) => Promise<(GetReply | undefined)[]>;
}

/** Events that wait for a slow reader. Beyond, it looks again at what is there once the reader has caught up. */
const QUEUED_MAX = 10_000;
/** How long to wait for the nodes' heartbeats before the first look, in milliseconds. */
const HEAR_NODES_MS = 1000;
const HEAR_NODES_POLL_MS = 10;
/** Between the end of one look and the next, in milliseconds. */
const LOOK_AGAIN_MS = 500;
/** How often to look for what has expired, in milliseconds. */
const EXPIRY_PERIOD_MS = 250;

export class Watcher {
  readonly events = new EventQueue<WatchEvent>(QUEUED_MAX);
  private readonly delivered = new Delivered();
  private readonly following: Following;
  private readonly liveness: Liveness;
  private subscription: Subscription | undefined;
  /** Something may have been missed since the last look began. */
  private isSuspect = false;
  /** Live entries are events; before, with `updates`, they are part of what was there. */
  private isBegun: boolean;
  private isStopped = false;
  private wakeUp: () => void = () => {};
  private expiryTimer: Timer | undefined;
  /** Checksum of the bucket definitions that each node knows, as far as it was looked into. */
  private readonly buckets = new Map<string, string>();

  constructor(private readonly options: WatcherOptions) {
    const { ring, clock, include } = options;
    this.isBegun = include === 'last';
    this.following = new Following(ring.nodes, () => this.suspect());
    this.liveness = new Liveness(ring.nodes, clock);
    this.liveness.onPresence(presence => {
      this.following.presence(presence);
      this.heardOfBuckets(presence);
    });
    this.liveness.onDeath(node => {
      this.following.gone(node);
      if (this.isCoveredTooLittle) this.suspect();
    });
  }

  /** Looks at everything further on, each time something may have been missed. Ends when stopped. */
  private async keepWhole(): Promise<void> {
    while (!this.isStopped) {
      await this.pause(LOOK_AGAIN_MS);
      await this.events.room();
      while (!this.isSuspect && !this.isStopped)
        await new Promise<void>(done => {
          this.wakeUp = done;
        });
      if (!this.isStopped) await this.look(() => this.lookAgain());
    }
  }

  /**
   * Resolves when the watch has begun: with `updates`, whatever is written from then on is an event.
   *
   * @throws InvalidRequestError, ClosedError
   */
  async start(): Promise<void> {
    const { feed, bus, include } = this.options;
    // In this order: a heartbeat that comes shows that what its log stores from then on comes, too.
    this.subscription = await feed.follow((node, entry) => this.follow(node, entry));
    this.liveness.watch(bus);
    await this.hearNodes();
    this.following.settle();
    this.tellExpired();
    const looked = this.firstLook(include === 'last');
    if (include === 'updates') await looked;
    void looked.then(() => this.keepWhole()).catch((error: Error) => this.stop(error));
  }

  stop(failure?: Error): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.expiryTimer?.cancel();
    this.subscription?.unsubscribe();
    this.liveness.close();
    this.events.close(failure);
    this.wakeUp();
  }

  /** Nodes that know other buckets than before may know of the end of this one. */
  private heardOfBuckets({ node, buckets }: Presence): void {
    const { isOver, bucket } = this.options;
    const known = this.buckets.get(node);
    if (isOver === undefined || buckets === undefined || buckets === known) return;
    this.buckets.set(node, buckets);
    if (known === undefined) return;
    isOver().then(
      over => {
        if (over) this.stop(new InvalidRequestError('bucket', `bucket ${bucket} was dropped`));
      },
      () => this.buckets.set(node, known), // Asked again at the next heartbeat.
    );
  }

  /** Nothing is stored when a record expires: it is told by the clock. */
  private tellExpired(): void {
    const { bucket, clock } = this.options;
    for (const [key, version] of this.delivered.due(this.now())) {
      if (this.events.isFull) break;
      this.delivered.expire(key);
      this.events.push(eventOf(tombstoneOf({ bucket, key, ...version }), true));
    }
    if (!this.isStopped) this.expiryTimer = clock.after(EXPIRY_PERIOD_MS, () => this.tellExpired());
  }

  /** Microseconds since 1970. */
  private now(): number {
    const { nodesNow, clock } = this.options;
    return (nodesNow?.() ?? clock.now()) * 1000;
  }

  private async hearNodes(): Promise<void> {
    const { clock } = this.options;
    const until = clock.monotonic() + HEAR_NODES_MS;
    while (!this.following.isComplete && clock.monotonic() < until && !this.isStopped)
      await this.pause(HEAR_NODES_POLL_MS);
  }

  /** The first look must succeed, however long it takes. */
  private async firstLook(areEvents: boolean): Promise<void> {
    let isDone = false;
    while (!isDone && !this.isStopped) {
      isDone = await this.look(() => this.lookAtAll(areEvents));
      if (!isDone) await this.pause(LOOK_AGAIN_MS);
    }
    this.isBegun = true;
  }

  /** Takes one look. False when it failed in a way that may pass. */
  private async look(take: () => Promise<void>): Promise<boolean> {
    this.isSuspect = false;
    this.delivered.beginLook();
    try {
      await take();
    } catch (error) {
      if (error instanceof InvalidRequestError || error instanceof ClosedError) throw error;
      this.isSuspect = true;
      return false;
    }
    if (this.isCoveredTooLittle) this.isSuspect = true;
    return true;
  }

  /** Everything there is, with values where they are events. */
  private async lookAtAll(areEvents: boolean): Promise<void> {
    const { bucket } = this.options;
    for await (const { records } of this.options.scan(!areEvents)) {
      if (this.isStopped) return;
      if (areEvents) await this.events.room();
      for (const { version, ...rest } of records) {
        const record = { bucket, ...rest, ...parseVersion(version, rest.deleted === true) };
        // That a key was deleted before the watch began is no news, unless something older of it has been delivered.
        const isNews = record.deleted !== true || this.delivered.has(record.key);
        if (areEvents && isNews) this.deliver(record, false);
        else if (this.delivered.isNewer(record.key, record)) this.delivered.set(record.key, record);
      }
    }
  }

  /** Versions only; then what is newer than delivered. */
  private async lookAgain(): Promise<void> {
    const { bucket } = this.options;
    for await (const { records } of this.options.scan(true)) {
      if (this.isStopped) return;
      await this.events.room();
      const newer: string[] = [];
      for (const { key, version: text, deleted, expiresAt } of records) {
        this.delivered.seen(key);
        const end = expiresAt === undefined ? {} : { expiresAt };
        const version = { ...parseVersion(text, deleted === true), ...end };
        if (!this.delivered.isNewer(key, version)) continue;
        if (deleted === true) this.deliver({ bucket, key, ...version }, true);
        else newer.push(key);
      }
      await this.fetch(newer);
    }
    await this.findVanished();
  }

  private async fetch(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const { bucket, read } = this.options;
    for (const reply of await read(keys, Level.Quorum)) {
      if (reply?.version === undefined) throw new Error('a key could not be read');
      const { key, found, version, value, base64, expiresAt } = reply;
      const end = expiresAt === undefined ? {} : { expiresAt };
      const content = value === undefined ? (base64 === undefined ? {} : { base64 }) : { value };
      this.deliver({ bucket, key, ...content, ...end, ...parseVersion(version, !found) }, true);
    }
  }

  /** Keys that were delivered and have left no trace: a tombstone is purged once all owners have it. */
  private async findVanished(): Promise<void> {
    const { bucket, read, clock } = this.options;
    const unseen = this.delivered.unseen();
    if (unseen.length === 0) return;
    // A version that only one owner had is seen at ALL, and then held by all.
    const replies = await read(unseen, Level.All);
    for (const [i, key] of unseen.entries()) {
      const reply = replies[i];
      if (reply === undefined) this.isSuspect = true;
      else if (reply.version === undefined) {
        this.delivered.forget(key);
        this.events.push(vanished(bucket, key, clock.now()));
      }
    }
  }

  private follow(node: string, { sequence, data }: StreamEntry): void {
    this.following.entry(node, sequence);
    const decoded = decodeEntry(data);
    if (decoded.kind === 'damaged' || decoded.kind === 'newer') this.suspect();
    if (decoded.kind !== 'entry') return;
    const { bucket, prefix, life = bucket } = this.options;
    for (const stored of decoded.entry.records) {
      if (stored.bucket !== life || !stored.key.startsWith(prefix)) continue;
      const record = isGone(stored, this.now()) ? tombstoneOf({ ...stored, bucket }) : { ...stored, bucket };
      if (this.isBegun) this.deliver(record, true);
      else if (this.delivered.isNewer(record.key, record)) this.delivered.set(record.key, record);
    }
  }

  /** A look waits for room before each page, so that its events find some. */
  private deliver(record: WireRecord, isUpdate: boolean): void {
    if (this.isStopped || !this.delivered.isNewer(record.key, record)) return;
    if (this.delivered.isKnown(record.key, record)) {
      this.delivered.set(record.key, record);
      return;
    }
    if (isUpdate && this.events.isFull) {
      this.suspect();
      return;
    }
    this.delivered.set(record.key, record);
    this.events.push(eventOf(record, isUpdate));
  }

  private suspect(): void {
    this.isSuspect = true;
    this.wakeUp();
  }

  /** A write that a quorum has acked is seen while a quorum of its owners is followed. */
  private get isCoveredTooLittle(): boolean {
    const { ring } = this.options;
    return this.following.coverage(ring.groups) < requiredOwners(Level.Quorum, ring.replicationFactor);
  }

  private pause(ms: number): Promise<void> {
    return new Promise<void>(done => this.options.clock.after(ms, done));
  }
}
