// A replica: a fold over its log. It answers reads from memory while it is sure that its log holds all it ever
// acknowledged; else it is `catching-up` or `recovering`, takes writes (its log does), and answers none.
import type { Bus, Clock, Logger, LogLife, Random, ReplicaLog, StreamEntry } from '../ports.js';
import type {
  Position,
  Presence,
  Recovering,
  ReplicaNote,
  ReplicaState,
  WireRecord,
} from '../wire/generated/types.js';
import { rememberedReply as validate } from '../wire/generated/validators.js';
import { decodeJson, encodeJson } from '../wire/json.js';
import { checksumOf, decodeEntry, encodeEntry } from '../wire/log-entry.js';
import { subjects } from '../wire/subjects.js';
import { Fold } from './fold.js';
import { Memtable } from './memtable.js';
import { Remembered } from './remembered.js';

export interface ReplicaOptions {
  readonly node: string;
  readonly peers: readonly string[];
  readonly bus: Bus;
  readonly log: ReplicaLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The cluster is being made now: a missing log is a new one unless a peer remembers it. */
  readonly isNewCluster: boolean;
  /** Called for each time in the log, to keep the node's clock ahead of what it stored. */
  readonly onTime: (time: number) => void;
  readonly onState: () => void;
}

/** How long a replica without a log waits for every peer to say whether it had one, in milliseconds. */
const ASK_PEERS_MS = 3000;
const ASK_TIMEOUT_MS = 500;
const NOTE_TIMEOUT_MS = 2000;

export class Replica {
  readonly remembered: Remembered;
  private table = new Memtable();
  private readonly fold: Fold;
  private life: LogLife | undefined;
  private note: { note: ReplicaNote; sequence: number } | undefined;
  private recovering: Recovering | undefined;
  /** The newest entry with records: what peers are told to remember. */
  private position: Position | undefined;
  private invalid = 0;
  private opened = false;
  /** Peers that have not yet said what they remember of this log. */
  private readonly unheard: Set<string>;

  constructor(private readonly options: ReplicaOptions) {
    this.remembered = new Remembered(options.node);
    this.unheard = new Set(options.peers);
    this.fold = new Fold(options.log, {
      apply: entry => this.apply(entry),
      onBehind: () => options.onState(),
      onCaughtUp: () => this.caughtUp(),
      onHole: reason => this.lost(reason),
      onLost: error =>
        options.logger.warn({ error }, 'lost the log while reading it; goes on when it is back'),
    });
  }

  get state(): ReplicaState {
    if (this.recovering !== undefined) return 'recovering';
    return this.opened && !this.fold.isBehind ? 'serving' : 'catching-up';
  }

  /** Why it is recovering, or null. */
  get reason(): string | null {
    return this.recovering?.reason ?? null;
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

  /** The newest note this replica wrote about itself, and where it stands. */
  get newestNote(): { note: ReplicaNote; sequence: number } | undefined {
    return this.note;
  }

  /** What to announce of this replica in a heartbeat. */
  presence(): Pick<Presence, 'node' | 'state' | 'position' | 'remembers' | 'reason' | 'caughtUp'> {
    const { reason, progress } = this;
    return {
      node: this.options.node,
      state: this.state,
      remembers: this.remembered.all(),
      ...(this.position === undefined ? {} : { position: this.position }),
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
    const { log, logger, node } = this.options;
    const life = (await log.life()) ?? (await this.begin());
    if (this.life !== undefined && this.life.id !== life.id) this.forget();
    this.life = life;
    const state = await this.fold.resume();
    logger.info(
      { log: life.id, first: state.firstSequence, last: state.lastSequence, bytes: state.bytes },
      'opened the log',
    );
    if (state.missing > 0) this.lost(`${state.missing} entries are missing`);
    if (!this.opened) for (const position of (await this.askPeers()).positions) await this.compare(position);
    if (life.recovering !== null && this.note?.note.log !== life.id) this.adopt(life.recovering);
    this.opened = true;
    if (!this.fold.isBehind) this.caughtUp();
    logger.info({ state: this.state, node }, 'takes writes');
  }

  /** A record as this replica holds it, null when it holds none; undefined when it answers no reads now. */
  read(bucket: string, key: string): WireRecord | null | undefined {
    if (this.state !== 'serving') return undefined;
    return this.table.get(bucket, key) ?? null;
  }

  /**
   * Resolves when everything the log has stored by now is in memory. Needed where acks may overtake the entries: a process
   * that is connected to another broker than its log's.
   */
  async barrier(): Promise<void> {
    if (await this.options.log.isLocal()) return;
    const { lastSequence } = await this.options.log.state();
    this.fold.need(lastSequence);
    while (this.fold.applied < lastSequence)
      await new Promise<void>(done => this.options.clock.after(1, done));
  }

  /** A peer's heartbeat: what it knows of its own log, and what it remembers of ours. */
  heard(presence: Presence): void {
    if (presence.node === this.options.node) return;
    this.remembered.heard(presence);
    const ours = presence.remembers[this.options.node];
    // A peer that is still reading its own log has yet to recall what it noted there.
    if (presence.state !== 'catching-up') this.unheard.delete(presence.node);
    if (this.life === undefined || !this.opened) return;
    if (ours !== undefined && (ours.log !== this.life.id || ours.sequence > this.fold.applied)) {
      void this.compare(ours).catch(error =>
        this.options.logger.warn({ error }, 'could not compare the log with what a peer remembers'),
      );
    } else if (this.unheard.size === 0 && this.recovering?.lost === false) this.trust();
  }

  /** Writes a note about this replica into its own log, if there is something new to say. */
  async noteChanges(): Promise<void> {
    if (!this.opened || this.life === undefined) return;
    const noted = this.note?.note;
    const recovering = this.recovering ?? null;
    const unsaid =
      noted === undefined ? recovering !== null : noted.recovering?.reason !== recovering?.reason;
    if (this.fold.isBehind || !(this.remembered.takeChanged() || unsaid)) return;
    await this.appendNote();
  }

  /** Appends the current note, whether or not it is new. */
  async appendNote(): Promise<void> {
    if (this.life === undefined) return;
    const { node, bus } = this.options;
    const note: ReplicaNote = {
      node,
      log: this.life.id,
      recovering: this.recovering ?? null,
      positions: this.remembered.all(),
    };
    await bus.request(subjects.log(node), encodeEntry([], note), NOTE_TIMEOUT_MS);
  }

  close(): void {
    this.fold.close();
  }

  /** The log is missing. Begins a new one; unless it is sure to be the first, as one that has lost everything. */
  private async begin(): Promise<LogLife> {
    const { positions, unreachable } = await this.askPeers(this.options.isNewCluster ? 0 : ASK_PEERS_MS);
    const life: LogLife = {
      id: this.options.random.token(12),
      recovering: this.judge(positions[0], unreachable),
    };
    await this.options.log.create(life);
    return life;
  }

  private judge(remembered: Position | undefined, unreachable: readonly string[]): Recovering | null {
    if (remembered !== undefined)
      return {
        lost: true,
        reason: `the log is missing; peers remember it up to entry ${remembered.sequence}`,
      };
    if (unreachable.length === 0 || this.options.isNewCluster) return null;
    return {
      lost: false,
      reason: `the log is missing, and ${unreachable.join(', ')} could not be asked whether it existed`,
    };
  }

  /** Asks every peer what it remembers of this log, again and again for `patienceMs` those that do not listen yet. */
  private async askPeers(patienceMs = 0): Promise<{ positions: Position[]; unreachable: string[] }> {
    const { bus, clock, node, peers } = this.options;
    const until = clock.monotonic() + patienceMs;
    const positions: Position[] = [];
    let unreachable = [...peers];
    for (;;) {
      const asked = unreachable;
      const answers = await Promise.all(
        asked.map(async peer => {
          try {
            const reply = await bus.request(subjects.remembered(peer), encodeJson({ node }), ASK_TIMEOUT_MS);
            return decodeJson(validate, reply.data);
          } catch {
            return undefined; // Not there, or not able to say yet: unreachable.
          }
        }),
      );
      unreachable = asked.filter((_, i) => answers[i] === undefined);
      for (const answer of answers) {
        if (answer === undefined) continue;
        this.unheard.delete(answer.node);
        if (answer.position !== null) positions.push(answer.position);
      }
      if (unreachable.length === 0 || clock.monotonic() >= until) return { positions, unreachable };
      await new Promise<void>(done => clock.after(50, done));
    }
  }

  /** Checks the log against a position that a peer saw acknowledged. */
  private async compare(remembered: Position): Promise<void> {
    const { log } = this.options;
    if (this.life === undefined || this.recovering?.lost === true) return;
    if (remembered.log !== this.life.id) {
      this.lost(`peers remember another log of this node, up to entry ${remembered.sequence}`);
      return;
    }
    const { firstSequence, lastSequence } = await log.state();
    if (remembered.sequence > lastSequence) {
      this.lost(
        `the log ends at entry ${lastSequence}; peers remember it up to entry ${remembered.sequence}`,
      );
      return;
    }
    if (remembered.sequence < firstSequence) return;
    let found: string | undefined;
    await log.read(remembered.sequence, remembered.sequence, entry => {
      found = checksumOf(entry.data);
    });
    if (found !== remembered.crc32)
      this.lost(`entry ${remembered.sequence} is not the one that peers saw acknowledged`);
  }

  private apply(entry: StreamEntry): void {
    const decoded = decodeEntry(entry.data);
    if (decoded.kind === 'damaged') {
      this.lost(`entry ${entry.sequence} is damaged: ${decoded.reason}`);
      return;
    }
    if (decoded.kind === 'invalid') {
      this.invalid++;
      this.options.logger.warn(
        { sequence: entry.sequence, reason: decoded.reason },
        'skipped a message that is no log entry',
      );
      return;
    }
    const { records, note, crc32 } = decoded.entry;
    for (const record of records) {
      this.table.merge(record, entry.sequence);
      this.options.onTime(record.time);
    }
    if (records.length > 0 && entry.sequence > (this.position?.sequence ?? 0) && this.life !== undefined)
      this.position = { log: this.life.id, sequence: entry.sequence, crc32 };
    if (
      note !== undefined &&
      note.node === this.options.node &&
      entry.sequence >= (this.note?.sequence ?? 0)
    ) {
      this.note = { note, sequence: entry.sequence };
    }
  }

  private caughtUp(): void {
    if (!this.opened || this.fold.isBehind) return;
    const noted = this.note?.note;
    if (noted !== undefined && noted.log === this.life?.id) {
      this.remembered.load(noted.positions);
      if (noted.recovering !== null) this.adopt(noted.recovering);
    }
    this.options.onState();
  }

  private adopt(recovering: Recovering): void {
    this.recovering ??= recovering;
    this.options.onState();
  }

  /** The log lacks something it acknowledged: no reads until it is whole again. */
  private lost(reason: string): void {
    if (this.recovering?.lost === true) return;
    this.recovering = { lost: true, reason };
    this.options.logger.error({ reason }, 'the log has lost entries: takes writes, answers no reads');
    this.options.onState();
  }

  /** Every peer has said that it remembers no other log: the missing log had never existed. */
  private trust(): void {
    this.recovering = undefined;
    this.options.logger.info({}, 'no peer remembers an older log: this one is whole');
    this.options.onState();
    void this.appendNote().catch(error =>
      this.options.logger.warn({ error }, 'could not note that the log is whole'),
    );
  }

  private forget(): void {
    this.table = new Memtable();
    this.note = undefined;
    this.position = undefined;
    this.fold.reset();
    this.unheard.clear();
    for (const peer of this.options.peers) this.unheard.add(peer);
  }
}
