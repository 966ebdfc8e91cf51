// What a replica holds in memory: the newest record of each key its log has shown, and which entry it stands in.
import { isBehind, type KeyRange, startOf } from '../model/key-order.js';
import { type Hash, hashRecord, hashText, LEAVES, leafOf, MerkleTree } from '../model/merkle.js';
import { compareRecords, compareVersions } from '../model/record.js';
import type { Ring } from '../model/ring.js';
import type { WireRecord } from '../wire/generated/types.js';
import { SortedKeys } from './sorted-keys.js';

/** One key's newest record, without the bucket and key that lead to it. */
interface Slot {
  value: string | undefined;
  base64: string | undefined;
  time: number;
  writer: string;
  expiresAt: number | undefined;
  /** Sequence of the newest log entry that holds this record. */
  sequence: number;
  /** Group of owners and leaf: where the key stands in the trees. */
  cell: number;
  /** Hash of the record, as it was added to its tree. */
  hashA: number;
  hashB: number;
}

/** Bytes a record takes in a log entry beside its key and value; an estimate, for deciding when to compact. */
const RECORD_OVERHEAD_BYTES = 100;

export interface Page {
  readonly records: WireRecord[];
  readonly more: boolean;
}

class Table {
  readonly slots = new Map<string, Slot>();
  /** One tree for each group of owners. */
  private readonly trees = new Map<number, MerkleTree>();
  readonly sorted = new SortedKeys(this.slots);

  constructor(readonly ring: Ring | undefined) {}

  /** Where `key` stands: its group of owners and its leaf, in one number. */
  cellOf(key: string): number {
    return (this.ring?.group(key) ?? 0) * LEAVES + leafOf(key);
  }

  tree(group: number): MerkleTree {
    const known = this.trees.get(group);
    if (known !== undefined) return known;
    const tree = new MerkleTree();
    this.trees.set(group, tree);
    return tree;
  }

  toggle(cell: number, hash: Hash): void {
    this.tree(Math.floor(cell / LEAVES)).toggle(cell % LEAVES, hash);
  }

  add(key: string, slot: Slot): void {
    this.slots.set(key, slot);
    this.sorted.add(key);
  }
}

export class Memtable {
  private readonly tables = new Map<string, Table>();
  /** One string for each writer, however many records name it. */
  private readonly writers = new Map<string, string>();
  private keyCount = 0;
  private tombstoneCount = 0;
  private bytes = 0;

  /**
   * @param ringOf the ring of a bucket; undefined for a bucket that is not defined (yet).
   * @param isOver whether a bucket was dropped: nothing of it is taken up any more.
   */
  constructor(
    private readonly ringOf: (bucket: string) => Ring | undefined,
    readonly isOver: (bucket: string) => boolean = () => false,
  ) {}

  /** Keys that have a value. */
  get keys(): number {
    return this.keyCount;
  }

  get tombstones(): number {
    return this.tombstoneCount;
  }

  /** About how many bytes of log the newest records take. */
  get liveBytes(): number {
    return this.bytes;
  }

  /**
   * Merges one record of a log entry: the larger record stays. Idempotent and commutative, so entries may come twice, late
   * and in any order.
   */
  merge(record: WireRecord, sequence: number): void {
    if (this.isOver(record.bucket)) return;
    const table = this.table(record.bucket);
    const slot = table.slots.get(record.key);
    if (slot === undefined) {
      const added = this.slotOf(record, sequence, table.cellOf(record.key));
      table.add(record.key, added);
      table.toggle(added.cell, { a: added.hashA, b: added.hashB });
      this.account(record.key, record, 1);
      return;
    }
    const held = recordOf(record.bucket, record.key, slot);
    const order = compareRecords(record, held);
    if (order < 0) return;
    if (order > 0) {
      this.account(record.key, held, -1);
      this.account(record.key, record, 1);
      table.toggle(slot.cell, { a: slot.hashA, b: slot.hashB });
      Object.assign(slot, this.slotOf(record, sequence, slot.cell));
      table.toggle(slot.cell, { a: slot.hashA, b: slot.hashB });
    } else if (sequence > slot.sequence) slot.sequence = sequence;
  }

  /** A bucket was defined, changed or dropped: its trees are made anew for its ring, or nothing of it is kept. */
  reshape(bucket: string): void {
    const old = this.tables.get(bucket);
    if (old === undefined) return;
    const ring = this.ringOf(bucket);
    if (!this.isOver(bucket) && ring === old.ring) return;
    this.tables.delete(bucket);
    if (this.isOver(bucket)) {
      for (const [key, slot] of old.slots) this.account(key, recordOf(bucket, key, slot), -1);
      return;
    }
    const table = this.table(bucket);
    for (const [key, slot] of old.slots) {
      slot.cell = table.cellOf(key);
      table.add(key, slot);
      table.toggle(slot.cell, { a: slot.hashA, b: slot.hashB });
    }
  }

  /** The tree over the keys of `bucket` whose owners are one group of its ring. */
  tree(bucket: string, group: number): MerkleTree {
    return this.table(bucket).tree(group);
  }

  /** The keys of one group of owners, leaf by leaf. One pass over the bucket. */
  keysByLeaf(bucket: string, group: number): ReadonlyMap<number, readonly string[]> {
    const found = new Map<number, string[]>();
    for (const [key, { cell }] of this.table(bucket).slots) {
      if (Math.floor(cell / LEAVES) !== group) continue;
      const keys = found.get(cell % LEAVES);
      if (keys === undefined) found.set(cell % LEAVES, [key]);
      else keys.push(key);
    }
    return found;
  }

  /** Every record held, in no order. One merged meanwhile may be among them. */
  *records(): Generator<WireRecord> {
    for (const [bucket, { slots }] of this.tables)
      for (const [key, slot] of slots) yield recordOf(bucket, key, slot);
  }

  /** Forgets in which entries the records stand: the log is not the one they were read from. Merging them again tells. */
  forgetPlaces(): void {
    for (const { slots } of this.tables.values()) for (const slot of slots.values()) slot.sequence = 0;
  }

  /** Buckets that hold anything. */
  buckets(): string[] {
    return [...this.tables.keys()];
  }

  /** The newest record of a key, tombstones too; undefined when it holds nothing of it. */
  get(bucket: string, key: string): WireRecord | undefined {
    const slot = this.tables.get(bucket)?.slots.get(key);
    return slot === undefined ? undefined : recordOf(bucket, key, slot);
  }

  /** The hash of a key's record as its tree has it; undefined when nothing is held. */
  hashOf(bucket: string, key: string): string | undefined {
    const slot = this.tables.get(bucket)?.slots.get(key);
    return slot === undefined ? undefined : hashText({ a: slot.hashA, b: slot.hashB });
  }

  /** Whether the entry `sequence` is where the newest version of the record's key stands. */
  standsIn(record: WireRecord, sequence: number): boolean {
    const slot = this.tables.get(record.bucket)?.slots.get(record.key);
    return (
      slot !== undefined &&
      slot.sequence === sequence &&
      compareVersions(record, recordOf(record.bucket, record.key, slot)) === 0
    );
  }

  /** The newest record of each key of a range, tombstones too, in key order. Nothing may be merged while it is read. */
  *inOrder(bucket: string, range: KeyRange): Generator<WireRecord> {
    const table = this.tables.get(bucket);
    if (table === undefined) return;
    const { key: start, isInside } = startOf(range);
    for (const key of table.sorted.from(start, isInside)) {
      if (isBehind(key, range)) return;
      const slot = table.slots.get(key);
      if (slot !== undefined) yield recordOf(bucket, key, slot);
    }
  }

  /** Records in key order behind `after`, at most `limit`, ending early when their values pass `bytesMax`. */
  page(bucket: string, after: string | undefined, limit: number, bytesMax: number): Page {
    const records: WireRecord[] = [];
    let bytes = 0;
    for (const record of this.inOrder(bucket, { after })) {
      if (records.length >= limit || bytes >= bytesMax) return { records, more: true };
      records.push(record);
      bytes += bytesOf(record.key, record);
    }
    return { records, more: false };
  }

  private table(bucket: string): Table {
    const known = this.tables.get(bucket);
    if (known !== undefined) return known;
    const table = new Table(this.ringOf(bucket));
    this.tables.set(bucket, table);
    return table;
  }

  private slotOf(record: WireRecord, sequence: number, cell: number): Slot {
    const { value, base64, time, expiresAt } = record;
    const { a, b } = hashRecord(record);
    const writer = this.intern(record.writer);
    return { value, base64, time, writer, expiresAt, sequence, cell, hashA: a, hashB: b };
  }

  private intern(writer: string): string {
    const known = this.writers.get(writer);
    if (known !== undefined) return known;
    this.writers.set(writer, writer);
    return writer;
  }

  private account(key: string, record: Pick<WireRecord, 'value' | 'base64' | 'deleted'>, sign: 1 | -1): void {
    if (record.deleted === true) this.tombstoneCount += sign;
    else this.keyCount += sign;
    this.bytes += sign * bytesOf(key, record);
  }
}

function bytesOf(key: string, record: { value?: string | undefined; base64?: string | undefined }): number {
  return RECORD_OVERHEAD_BYTES + key.length + (record.value?.length ?? record.base64?.length ?? 0);
}

function recordOf(bucket: string, key: string, slot: Slot): WireRecord {
  const { time, writer, value, base64, expiresAt } = slot;
  const end = expiresAt === undefined ? {} : { expiresAt };
  if (value !== undefined) return { bucket, key, value, time, writer, ...end };
  if (base64 !== undefined) return { bucket, key, base64, time, writer, ...end };
  return { bucket, key, deleted: true, time, writer, ...end };
}
