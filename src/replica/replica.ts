// A replica: a fold over its log. It answers reads from memory while it is sure that its log holds all it ever
// acknowledged; else it is `catching-up` or `recovering`, takes writes (its log does), and answers none.
import type { LogLife, StreamEntry, StreamState } from '../ports.js';
import type { Position, Presence, Recovering, ReplicaState, WireRecord } from '../wire/generated/types.js';
import { type DecodedEntry, decodeEntry } from '../wire/log-entry.js';
import { Fold } from './fold.js';
import { LogTrouble } from './log-trouble.js';
import { Lookout } from './lookout.js';
import { Losses } from './losses.js';
import { Memtable } from './memtable.js';
import { Notes } from './notes.js';
import { PeersMemory } from './peers-memory.js';
import { Remembered } from './remembered.js';
import type { ReplicaOptions } from './replica-options.js';

/** Between two tries to read the log, in milliseconds. */
const RETRY_MS = 500;
/** Stands for the checksum of the place before the first entry. */
const NO_CHECKSUM = '00000000';

export class Replica {
  readonly remembered: Remembered;
  /** Whether its log is of use. */
  readonly trouble: LogTrouble;
  private table: Memtable;
  private readonly losses = new Losses();
  private readonly fold: Fold;
  private life: LogLife | undefined;
  /** The newest entry with records: what peers are told to remember. */
  private position: Position | undefined;
  /** The position when the connection to the log's broker was lost. */
  private lastSeen: Position | undefined;
  private invalid = 0;
  private opened = false;
  /** Set from when the connection to the log's broker is lost, anew each time, until the log has been looked at again. */
  private cutOff: symbol | undefined;
  private recalled = false;
  /** Where the log ended at the last look. */
  private lookedTo = 0;
  /** This life of the log has once been read to its end. */
  private isRead = false;
  /** Peers that are asked for the first time what they remember: no read is answered before they have said it. */
  private readonly judging = new Set<string>();
  private readonly lookout: Lookout;
  private readonly peers: PeersMemory;
  private readonly notes: Notes;

  constructor(private readonly options: ReplicaOptions) {
    this.table = new Memtable(options.ringOf, options.isOver);
    this.remembered = new Remembered(options.node);
    this.peers = new PeersMemory(options);
    this.notes = new Notes({
      ...options,
      remembered: this.remembered,
      life: () => this.life,
      recovering: () => this.losses.recovering,
      floors: () => this.table.floors(),
      onStored: isStored => this.trouble.ended('stores', isStored),
    });
    this.trouble = new LogTrouble({ ...options, isConnected: () => this.cutOff === undefined });
    this.lookout = new Lookout(options, () => this.look());
    this.fold = new Fold(options.log, {
      apply: entry => this.apply(entry),
      onBehind: () => options.onState(),
      onCaughtUp: () => this.caughtUp(),
      onHole: reason => this.hole(reason),
      onLost: error => {
        options.logger.warn({ error }, 'lost the log while reading it; tries again');
        options.clock.after(RETRY_MS, () => this.fold.retry());
      },
    });
  }

  get state(): ReplicaState {
    if (this.losses.reason !== null) return 'recovering';
    const isUpToDate = this.opened && !this.fold.isBehind && this.cutOff === undefined;
    return isUpToDate && this.judging.size === 0 ? 'serving' : 'catching-up';
  }

  /** Why it is recovering, or null. */
  get reason(): string | null {
    return this.losses.reason;
  }
  get progress(): { applied: number; total: number } | undefined {
    return this.fold.isBehind ? this.fold.progress : undefined;
  }
  get memtable(): Memtable {
    return this.table;
  }
  get logId(): string {
    return this.life?.id ?? '';
  }

  /** Every entry up to this sequence is in memory. */
  get applied(): number {
    return this.fold.applied;
  }
  get invalidEntries(): number {
    return this.invalid;
  }

  /** Whether it can say what it remembers: it has read its notes, or has no log to have noted anything in. */
  get canRecall(): boolean {
    return this.recalled;
  }

  /** What to announce of this replica in a heartbeat. */
  presence(): Omit<Presence, 'incarnation' | 'time' | 'now' | 'leaving'> {
    const { reason, progress, life } = this;
    // Peers must remember a log from its first moment: one that is lost before its first record is lost all the same.
    const atStart = life === undefined ? undefined : { log: life.id, sequence: 0, crc32: NO_CHECKSUM };
    const position = this.position ?? atStart;
    return {
      node: this.options.node,
      state: this.state,
      remembers: this.remembered.all(),
      applied: this.fold.applied,
      ...(position === undefined ? {} : { position }),
      ...(reason === null ? {} : { reason }),
      ...(progress === undefined ? {} : { caughtUp: progress }),
    };
  }

  /**
   * Opens the log, at the start and whenever its broker is back: makes it if there is none, asks the peers whether it is
   * all it was, and starts to fold. Resolves when writes may be taken; reads follow when the fold has caught up.
   *
   * @throws when the log's broker cannot be reached.
   */
  async open(): Promise<void> {
    const { log, logger } = this.options;
    const life = (await log.life()) ?? (await this.begin());
    if (this.life !== undefined && this.life.id !== life.id) this.forget();
    this.life = life;
    if (this.isRead) await this.recheck(life);
    // Where a peer remembers more than the log has, no read may be answered before that is known.
    const asking = this.opened ? undefined : this.peers.ask();
    const { cutOff } = this;
    const state = await this.fold.resume();
    if (this.cutOff === cutOff) this.cutOff = undefined;
    logger.info(
      { log: life.id, first: state.firstSequence, last: state.lastSequence, bytes: state.bytes },
      'opened the log',
    );
    this.findHoles(state);
    for (const position of (await asking)?.positions ?? []) await this.compare(position);
    this.opened = true;
    if (!this.fold.isBehind) this.caughtUp();
    this.lookout.lookLater();
    logger.info({ state: this.state }, 'takes writes');
  }

  /** The connection to the log's broker is lost. Until `open` has looked, the log may have stored, and acked, what did not come. */
  lostBroker(): void {
    this.lastSeen ??= this.position;
    this.cutOff = Symbol('lost broker');
    this.trouble.forget();
    this.options.onState();
  }

  /** Counts the losses found: a replica is whole again only if none came while it was being made whole. */
  get lossCount(): number {
    return this.losses.count;
  }
  /** Whether the log itself is at fault: it has a hole, or entries whose checksums do not fit. */
  get isDamaged(): boolean {
    return this.losses.isDamaged;
  }

  /**
   * Anti-entropy has fetched what this replica lacked, and what was damaged has been purged: begins a new life of the log,
   * so that peers stop comparing it with the one that lost entries, and serves.
   *
   * @param lossCount as it was before the peers were read.
   */
  async becomeWhole(lossCount: number): Promise<void> {
    const { life, options } = this;
    if (life === undefined || !this.losses.canBeMadeGood || lossCount !== this.losses.count) return;
    const former = this.peers.formerLives(life);
    const renewed: LogLife = { id: options.random.token(12), recovering: null, former };
    await options.log.renew(renewed);
    if (lossCount !== this.losses.count) return;
    this.life = renewed;
    this.losses.clear();
    if (this.position !== undefined) this.position = { ...this.position, log: renewed.id };
    options.logger.info({ log: renewed.id }, 'has all that its peers hold: whole again');
    await this.notes.append();
    options.onState();
  }

  /** A record as this replica holds it, null when it holds none; undefined when it answers no reads now. */
  read(bucket: string, key: string): WireRecord | null | undefined {
    if (this.state !== 'serving' || this.table.isOver(bucket)) return undefined;
    return this.table.read(bucket, key) ?? null;
  }

  /**
   * Resolves when everything the log has stored by now is in memory. Needed where acks may overtake the entries: a process
   * that is connected to another broker than its log's.
   */
  async barrier(): Promise<void> {
    if (await this.options.log.isLocal()) return;
    const { lastSequence } = await this.options.log.state();
    await this.fold.reached(lastSequence, () => new Promise(done => this.options.clock.after(1, done)));
  }

  /** A peer's heartbeat: what it knows of its own log, and what it remembers of ours. */
  heard(presence: Presence): void {
    // What was noted counts more than what a peer says that may have lost its log meanwhile: read the notes first.
    if (presence.node === this.options.node || !this.recalled) return;
    if (this.remembered.heard(presence)) this.noteSoon();
    if (this.life === undefined || !this.opened) return;
    // A peer that is still reading its own log has yet to recall what it noted there.
    const canSay = presence.state !== 'catching-up' && presence.caughtUp === undefined;
    const isNew = this.peers.unheard.has(presence.node) && !this.judging.has(presence.node);
    if (canSay && isNew) void this.heardFirst(presence.node);
    const ours = presence.remembers[this.options.node];
    if (ours !== undefined && (ours.log !== this.life.id || ours.sequence > this.fold.applied))
      this.compare(ours).catch(error => this.cannotCompare(error));
    this.trustIfDenied();
  }

  /** Writes a note about this replica into its own log, if there is something new to say. */
  async noteChanges(): Promise<void> {
    if (this.opened && !this.fold.isBehind && this.notes.isDue) await this.notes.append();
  }

  /** Tells a later start that the log was purged up to there on purpose. Call it, and wait, before the purge. */
  notePurge(through: number): Promise<void> {
    return this.notes.appendPurge(through);
  }

  /** An entry of the log, read again, is not what was stored. */
  foundDamage(reason: string): void {
    this.hole(reason);
  }

  close(): void {
    this.lookout.close();
    this.fold.close();
  }

  /** Somebody may delete the log of a running node, or take entries out of it. */
  private async look(): Promise<void> {
    let { life, state } = await this.trouble.look();
    // A connection that was lost again while the log was being opened needs another look, too.
    if (life?.id !== this.life?.id || this.cutOff !== undefined) {
      await this.open();
      ({ life, state } = await this.trouble.look());
    }
    if (state === undefined) return;
    this.findHoles(state);
    // What was there a look ago has come by itself since, or does not.
    this.fold.need(Math.min(this.lookedTo, state.lastSequence));
    this.lookedTo = state.lastSequence;
  }

  private noteSoon(): void {
    this.noteChanges().catch(error => this.options.logger.debug({ error }, 'could not write a note'));
  }

  /** The log is missing. Begins a new one; unless it is sure to be the first, as one that has lost everything. */
  private async begin(): Promise<LogLife> {
    this.recalled = true;
    const recovering =
      this.life === undefined
        ? await this.peers.judgeMissing(this.options.isNewCluster)
        : { lost: true, reason: 'the log is missing; it was there before' };
    const life: LogLife = { id: this.options.random.token(12), recovering };
    if (recovering !== null) this.adopt(recovering);
    await this.options.log.create(life);
    return life;
  }

  /** The log's broker was away: it may have lost what it had stored, and filled the places with something else. */
  private async recheck(life: LogLife): Promise<void> {
    const position = this.lastSeen ?? this.position;
    if (position !== undefined && (await this.peers.compare(position, life)) !== undefined) {
      this.hole(`entry ${position.sequence} is not there any more as it was stored`);
      // Nothing tells from where on the log is another one: all of it is read again.
      this.fold.reset();
    }
    this.lastSeen = undefined;
  }

  /** Checks the log against a position that a peer saw acknowledged. */
  private async compare(remembered: Position): Promise<void> {
    if (this.life === undefined) return;
    if (remembered.log !== this.life.id) this.peers.told(remembered.log);
    if (this.losses.recovering?.lost === true) return;
    const reason = await this.peers.compare(remembered, this.life);
    if (reason !== undefined) this.lost(reason);
  }

  /**
   * A peer that did not answer at the start is there. What it noted counts, not only what it has heard since: entries may
   * have taken the place of lost ones.
   */
  private async heardFirst(peer: string): Promise<void> {
    this.judging.add(peer);
    try {
      for (const position of (await this.peers.askFirst(peer)) ?? []) await this.compare(position);
    } catch (error) {
      this.cannotCompare(error);
    }
    this.judging.delete(peer);
    this.options.onState();
    this.trustIfDenied();
  }

  private cannotCompare(error: unknown): void {
    this.options.logger.warn({ error }, 'could not compare the log with what a peer remembers');
  }

  private apply(entry: StreamEntry): void {
    const decoded = decodeEntry(entry.data);
    if (decoded.kind !== 'entry') {
      this.notApplied(entry.sequence, decoded);
      return;
    }
    const { records, note, crc32 } = decoded.entry;
    for (const record of records) {
      this.table.merge(record, entry.sequence);
      this.options.onRecord?.(record);
    }
    this.options.onTimes(records);
    if (records.length > 0 && entry.sequence > (this.position?.sequence ?? 0) && this.life !== undefined)
      this.position = { log: this.life.id, sequence: entry.sequence, crc32 };
    if (note !== undefined) this.notes.seen(note, entry.sequence);
  }

  private notApplied(sequence: number, { kind, reason }: Exclude<DecodedEntry, { kind: 'entry' }>): void {
    const { logger, onState } = this.options;
    if (kind === 'damaged') this.hole(`entry ${sequence} is damaged: ${reason}`);
    else if (kind === 'newer' && this.losses.addNewer(`entry ${sequence} ${reason}`)) {
      logger.error({ sequence, reason }, 'the log has an entry of a newer protocol: answers no reads');
      onState();
    } else if (kind === 'invalid') {
      this.invalid++;
      logger.warn({ sequence, reason }, 'skipped a message that is no log entry');
    }
  }

  private caughtUp(): void {
    if (this.fold.isBehind) return;
    if (!this.isRead) this.recall();
    if (!this.opened) return;
    this.options.onState();
    this.noteSoon();
  }

  /** The log has been read to its end: takes up what it notes, and what was known when it was begun. */
  private recall(): void {
    const { life } = this;
    if (life === undefined) return;
    const noted = this.notes.recall(life);
    this.isRead = true;
    this.findHoles({ missing: 0, firstSequence: this.fold.firstSequence });
    const recovering = noted === undefined ? life.recovering : noted.recovering;
    if (recovering !== null) this.adopt(recovering);
    // Of a log that lacks something nobody knows up to where it agrees with the others.
    if (this.losses.recovering === undefined) this.table.loadFloors(this.notes.floors);
    this.recalled = true;
  }

  private findHoles({ missing, firstSequence }: Pick<StreamState, 'missing' | 'firstSequence'>): void {
    if (missing > 0) this.hole(`${missing} entries are missing`);
    const { purgedThrough } = this.notes;
    // Until the log has been read nobody knows what was purged on purpose.
    if (this.isRead && firstSequence > purgedThrough + 1)
      this.hole(`entries ${purgedThrough + 1} to ${firstSequence - 1} are missing`);
  }

  private adopt(recovering: Recovering): void {
    this.losses.adopt(recovering);
    this.options.onState();
  }

  /** The log lacks something it acknowledged: no reads until it is whole again. */
  private lost(reason: string): void {
    if (this.losses.add(reason)) this.tellLoss(reason);
  }

  /** Entries inside the log are gone. */
  private hole(reason: string): void {
    // The newest entry may be among what is lost; reading the log again tells.
    this.position = undefined;
    if (this.losses.addDamage(reason)) this.tellLoss(reason);
  }

  private tellLoss(reason: string): void {
    this.options.logger.error({ reason }, 'the log has lost entries: takes writes, answers no reads');
    this.options.onState();
    this.noteSoon();
  }

  /** Once every peer has said that it remembers no other log, the missing log had never existed. */
  private trustIfDenied(): void {
    if (this.peers.unheard.size > 0 || this.judging.size > 0 || this.losses.recovering?.lost !== false)
      return;
    this.losses.clear();
    this.options.logger.info({}, 'no peer remembers an older log: this one is whole');
    this.options.onState();
    const { logger } = this.options;
    this.notes.append().catch(error => logger.warn({ error }, 'could not note that the log is whole'));
  }

  private forget(): void {
    this.table = new Memtable(this.options.ringOf, this.options.isOver);
    this.notes.forget();
    this.position = undefined;
    this.lastSeen = undefined;
    this.isRead = false;
    this.fold.reset();
    this.peers.forget();
  }
}
