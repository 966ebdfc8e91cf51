// What a replica writes into its own log about itself: whether it is recovering, what it remembers of its peers' logs, up to
// where it purged its own on purpose, and up to where it has agreed with the other owners on what is deleted.
import { acknowledgedSequence } from '../coordinator/entry-lanes.js';
import { type Bus, BusError, type Logger, type LogLife, type Message } from '../ports.js';
import type { Floors, Recovering, ReplicaNote } from '../wire/generated/types.js';
import { encodeEntry } from '../wire/log-entry.js';
import { streams, subjects } from '../wire/subjects.js';
import type { Remembered } from './remembered.js';

export interface NotesOptions {
  readonly node: string;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly remembered: Remembered;
  /** The log's present life; undefined while it is not known. */
  readonly life: () => LogLife | undefined;
  /** Why the replica is recovering; undefined when it is not. */
  readonly recovering: () => Recovering | undefined;
  /** Up to where what is dead has been agreed on: see purge.ts. */
  readonly floors: () => Floors;
  /** Told of each note that was sent whether the log stored it; not of those that never reached its broker. */
  readonly onStored: (isStored: boolean) => void;
}

const TIMEOUT_MS = 2000;

export class Notes {
  private newest: { readonly note: ReplicaNote; readonly sequence: number } | undefined;
  private purged = 0;
  private recalledFloors: Floors = {};

  constructor(private readonly options: NotesOptions) {}

  /** The log was purged up to here on purpose: entries missing above it were lost. */
  get purgedThrough(): number {
    return this.purged;
  }

  /** The floors as they were noted. */
  get floors(): Floors {
    return this.recalledFloors;
  }

  /** An entry of the log has a note in it. */
  seen(note: ReplicaNote, sequence: number): void {
    if (note.node === this.options.node && sequence >= (this.newest?.sequence ?? 0))
      this.newest = { note, sequence };
  }

  /**
   * Takes up what the log notes: what is remembered of peers, the purge, and the floors.
   *
   * @returns the newest note of this life of the log, if there is one.
   */
  recall(life: LogLife): ReplicaNote | undefined {
    const newest = this.newest?.note;
    const noted = newest?.log === life.id ? newest : undefined;
    // A log made whole has another name; what was noted under the former one, of peers and purges, still holds.
    const earlier = newest !== undefined && life.former?.includes(newest.log) === true ? newest : undefined;
    const { positions = {}, purgedThrough = 0, floors = {} } = noted ?? earlier ?? {};
    this.options.remembered.load(positions);
    this.purged = purgedThrough;
    this.recalledFloors = floors;
    return noted;
  }

  /** The log was begun anew. */
  forget(): void {
    this.newest = undefined;
  }

  /** Whether there is something to say that the log does not. */
  get isDue(): boolean {
    return this.options.remembered.hasChanged || this.isUnsaid;
  }

  /** Call it, and wait, before the purge. */
  async appendPurge(through: number): Promise<void> {
    this.purged = Math.max(this.purged, through);
    await this.append();
  }

  /** Appends the current note, whether or not it is new. */
  async append(): Promise<void> {
    const { node, remembered } = this.options;
    const life = this.options.life();
    if (life === undefined) return;
    const note: ReplicaNote = {
      node,
      log: life.id,
      recovering: this.options.recovering() ?? null,
      positions: remembered.all(),
      ...(this.purged === 0 ? {} : { purgedThrough: this.purged }),
      floors: this.options.floors(),
    };
    const { changes } = remembered;
    const reply = await this.send(subjects.log(node), encodeEntry([], note));
    const isStored = acknowledgedSequence(reply.data, streams.log(node)) !== undefined;
    this.options.onStored(isStored);
    if (!isStored) throw new Error('the log did not store a note');
    remembered.noted(changes);
  }

  private async send(subject: string, data: Uint8Array): Promise<Message> {
    try {
      return await this.options.bus.request(subject, data, TIMEOUT_MS);
    } catch (error) {
      if (error instanceof BusError && error.kind === 'timeout') this.options.onStored(false);
      throw error;
    }
  }

  /** Whether the newest note says something else of this replica's state than is so. */
  private get isUnsaid(): boolean {
    return (this.newest?.note.recovering?.reason ?? null) !== (this.options.recovering()?.reason ?? null);
  }
}
