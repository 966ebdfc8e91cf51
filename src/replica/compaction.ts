// Compaction. The log is circular: the records of its oldest entries that are still current are appended again, and the log
// is purged up to there. No snapshot and no pause; a crash at any point leaves a record twice, never nowhere.
import type { EntryLane } from '../coordinator/entry-lanes.js';
import type { Clock, Logger, ReplicaLog, StreamEntry, Timer } from '../ports.js';
import type { WireRecord } from '../wire/generated/types.js';
import { decodeEntry, encodeRecord } from '../wire/log-entry.js';
import type { Replica } from './replica.js';

export interface CompactionSettings {
  /** Compact when the log holds this many times its live bytes. */
  readonly ratio: number;
  /** Never below this many bytes. */
  readonly minBytes: number;
}

export const COMPACTION_DEFAULTS: CompactionSettings = { ratio: 2, minBytes: 16 * 1024 * 1024 };

export interface CompactionOptions {
  readonly replica: Replica;
  readonly log: ReplicaLog;
  /** The lane to this replica's own log. */
  readonly lane: EntryLane;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: CompactionSettings;
}

const LOOK_MS = 2000;
/** Entries moved and purged in one step. */
const ENTRIES_PER_STEP = 64;
/** Records on their way at once when the whole log is rewritten. */
const RECORDS_PER_STEP = 2048;

export class Compaction {
  private timer: Timer | undefined;
  private closed = false;
  private doneCount = 0;
  private purgedCount = 0;

  constructor(private readonly options: CompactionOptions) {}

  /** Deletes and expired records left behind since the start. */
  get purgedRecords(): number {
    return this.purgedCount;
  }

  /** Compactions done since the start. */
  get done(): number {
    return this.doneCount;
  }

  start(): void {
    this.timer = this.options.clock.after(LOOK_MS, () => void this.look());
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    try {
      await this.compact();
    } catch (error) {
      this.options.logger.warn({ error }, 'compaction stopped; it is tried again');
    }
    if (!this.closed) this.start();
  }

  /** Moves what is live out of the oldest entries until the log is small enough, or once through. */
  private async compact(): Promise<void> {
    const { log, replica, logger } = this.options;
    const before = await log.state();
    if (!this.isDue(before.bytes)) return;
    let state = before;
    while (
      !this.closed &&
      replica.state === 'serving' &&
      state.firstSequence <= before.lastSequence &&
      this.isDue(state.bytes)
    ) {
      const through = this.stepEnd(state.firstSequence, Math.min(before.lastSequence, replica.applied));
      if (through < state.firstSequence) return;
      const left = await this.moveOut(state.firstSequence, through);
      // The note also takes the place of the newest one so far, which may be among what is purged.
      await replica.notePurge(through);
      await log.purge(through);
      for (const record of left)
        if (replica.memtable.mayLeave(record, through)) {
          replica.memtable.leave(record.bucket, record.key);
          this.purgedCount++;
        }
        // Something older came meanwhile, which should not have been possible: it must not be found alone.
        else await this.append(record);
      replica.memtable.purged(through);
      state = await log.state();
    }
    this.doneCount++;
    logger.info(
      { bytesBefore: before.bytes, bytes: state.bytes, purgedThrough: state.firstSequence - 1 },
      'compacted the log',
    );
  }

  /**
   * Appends everything in memory again and purges the rest: holes and damaged entries leave with it. For a log whose losses
   * have been made good: memory may hold what the log has lost.
   */
  async rewrite(): Promise<void> {
    const { log, replica } = this.options;
    const { lastSequence } = await log.state();
    const through = Math.min(lastSequence, replica.applied);
    replica.memtable.forgetPlaces();
    let appends: Promise<void>[] = [];
    for (const record of replica.memtable.records()) {
      appends.push(this.append(record));
      if (appends.length < RECORDS_PER_STEP) continue;
      await Promise.all(appends);
      appends = [];
    }
    await Promise.all(appends);
    await replica.notePurge(through);
    await log.purge(through);
    replica.memtable.purged(through);
    this.options.logger.info({ purgedThrough: through }, 'rewrote the log');
  }

  private isDue(bytes: number): boolean {
    const { ratio, minBytes } = this.options.settings;
    return bytes > minBytes && bytes > ratio * this.options.replica.memtable.liveBytes;
  }

  /** The last entry of a step: not many that must be read, and as many more as hold nothing that is still current. */
  private stepEnd(from: number, last: number): number {
    const { memtable } = this.options.replica;
    let end = from - 1;
    for (let toRead = 0; end < last; end++) {
      if (memtable.liveIn(end + 1) > 0 && ++toRead > ENTRIES_PER_STEP) break;
    }
    return end;
  }

  /**
   * Appends again what still stands in the entries, and resolves when all of it is stored. Deletes that every owner is known
   * to have are left behind, and returned.
   */
  private async moveOut(from: number, through: number): Promise<WireRecord[]> {
    const { log, replica } = this.options;
    const entries: StreamEntry[] = [];
    for (const [first, last] of this.runsWithLive(from, through))
      await log.read(first, last, entry => entries.push(entry));
    const left: WireRecord[] = [];
    const moved: Promise<void>[] = [];
    for (const record of entries.flatMap(entry => this.liveIn(entry)))
      if (replica.memtable.mayLeave(record, through)) left.push(record);
      else moved.push(this.append(record));
    await Promise.all(moved);
    return left;
  }

  /** The runs of entries from `from` to `through` that hold anything current. */
  private runsWithLive(from: number, through: number): [first: number, last: number][] {
    const { memtable } = this.options.replica;
    const runs: [number, number][] = [];
    for (let sequence = from; sequence <= through; sequence++) {
      if (memtable.liveIn(sequence) === 0) continue;
      const run = runs.at(-1);
      if (run?.[1] === sequence - 1) run[1] = sequence;
      else runs.push([sequence, sequence]);
    }
    return runs;
  }

  private liveIn(entry: StreamEntry): WireRecord[] {
    const { replica } = this.options;
    const decoded = decodeEntry(entry.data);
    if (decoded.kind === 'damaged') {
      const reason = `entry ${entry.sequence} is damaged: ${decoded.reason}`;
      replica.foundDamage(reason);
      throw new Error(reason);
    }
    if (decoded.kind === 'newer') throw new Error(`entry ${entry.sequence} ${decoded.reason}`);
    if (decoded.kind !== 'entry') return [];
    return decoded.entry.records.filter(record => replica.memtable.standsIn(record, entry.sequence));
  }

  private append(record: WireRecord): Promise<void> {
    const text = encodeRecord(record);
    return new Promise((resolve, reject) => {
      this.options.lane.submit({
        text,
        bytes: Buffer.byteLength(text) + 1,
        acked: resolve,
        failed: () => reject(new Error('the log did not take a record that compaction moved')),
      });
    });
  }
}
