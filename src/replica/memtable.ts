// What a replica holds in memory: the newest record of each key its log has shown, and which entry it stands in.
import { isBehind, type KeyRange, startOf } from '../model/key-order.js';
import { hashRecord, hashText, LEAVES, leafOf, MerkleTree, textHash } from '../model/merkle.js';
import { compareVersions } from '../model/record.js';
import type { Ring } from '../model/ring.js';
import type { WireRecord } from '../wire/generated/types.js';
import { LiveCounts } from './live-counts.js';
import {
  bytesOf,
  compareToSlot,
  emptySlot,
  groupOf,
  isDeadAt,
  isTombstone,
  recordOf,
  type Slot,
  toggleIn,
} from './slot.js';
import { SortedKeys } from './sorted-keys.js';

export interface Page {
  readonly records: WireRecord[];
  readonly more: boolean;
}

interface Writer {
  readonly name: string;
  readonly hash: number;
}

class Table {
  readonly slots = new Map<string, Slot>();
  /** See purge.ts; microseconds since 1970, by group of owners. */
  readonly floors = new Map<number, number>();
  /** Slots that are deleted or expire. */
  mortals = 0;
  /** One tree for each group of owners. */
  private readonly trees = new Map<number, MerkleTree>();
  readonly sorted = new SortedKeys(this.slots);

  constructor(readonly ring: Ring | undefined) {}

  /** Where `key` stands: its group of owners and its leaf, in one number. */
  cellOf(key: string, keyHash = textHash(key)): number {
    return (this.ring?.group(key) ?? 0) * LEAVES + leafOf(keyHash);
  }

  tree(group: number): MerkleTree {
    const known = this.trees.get(group);
    if (known !== undefined) return known;
    const tree = new MerkleTree();
    this.trees.set(group, tree);
    return tree;
  }

  /** Adds a record to its tree, or takes it out; what is dead up to the floor is in none. */
  toggle(slot: Slot): void {
    if (!this.isPurgeable(slot)) toggleIn(this.tree(groupOf(slot)), slot);
  }

  isPurgeable(slot: Slot): boolean {
    return isDeadAt(slot, this.floors.get(groupOf(slot)) ?? 0);
  }

  add(key: string, slot: Slot): void {
    this.slots.set(key, slot);
    this.sorted.add(key);
  }
}

export class Memtable {
  private readonly tables = new Map<string, Table>();
  /** The table that was looked for last: records of one bucket come together. */
  private latest: { readonly bucket: string; readonly table: Table } | undefined;
  /** One string for each writer, however many records name it, and its hash. */
  private readonly writers = new Map<string, Writer>();
  private keyCount = 0;
  private tombstoneCount = 0;
  private bytes = 0;
  private readonly live = new LiveCounts();

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
    const { bucket, key } = record;
    if (this.isOver(bucket)) return;
    const table = this.table(bucket);
    const slot = table.slots.get(key);
    if (slot === undefined) {
      const keyHash = textHash(key);
      const added = emptySlot(table.cellOf(key, keyHash));
      this.fill(added, record, sequence, keyHash);
      table.add(key, added);
      table.toggle(added);
      this.account(table, key, added, 1);
      return;
    }
    const order = compareToSlot(record, slot);
    if (order < 0) slot.shadow = Math.max(slot.shadow, sequence);
    else if (order > 0) {
      slot.shadow = Math.max(slot.shadow, slot.sequence);
      this.account(table, key, slot, -1);
      table.toggle(slot);
      this.live.remove(slot.sequence);
      this.fill(slot, record, sequence, textHash(key));
      table.toggle(slot);
      this.account(table, key, slot, 1);
    } else if (sequence > slot.sequence) {
      this.live.remove(slot.sequence);
      this.live.add(sequence);
      slot.sequence = sequence;
    }
  }

  /** A bucket was defined, changed or dropped: its trees are made anew for its ring, or nothing of it is kept. */
  reshape(bucket: string): void {
    const old = this.tables.get(bucket);
    if (old === undefined) return;
    const ring = this.ringOf(bucket);
    if (!this.isOver(bucket) && ring === old.ring) return;
    this.tables.delete(bucket);
    this.latest = undefined;
    if (this.isOver(bucket)) {
      for (const [key, slot] of old.slots) {
        this.account(old, key, slot, -1);
        this.live.remove(slot.sequence);
      }
      return;
    }
    const table = this.table(bucket);
    for (const [key, slot] of old.slots) {
      this.account(old, key, slot, -1);
      slot.cell = table.cellOf(key);
      table.add(key, slot);
      table.toggle(slot);
      this.account(table, key, slot, 1);
    }
  }

  /** Up to where what is dead is known to all owners of the group, and in no tree. */
  floor(bucket: string, group: number): number {
    return this.tables.get(bucket)?.floors.get(group) ?? 0;
  }

  /** Every floor above 0, by bucket and the owners of the group. */
  floors(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const [bucket, { floors, ring }] of this.tables)
      for (const [group, floor] of floors)
        if (ring !== undefined) found[floorName(bucket, ring.groups[group])] = floor;
    return found;
  }

  /** Takes up floors as `floors` gave them; those of groups that are no more are passed over. */
  loadFloors(floors: Readonly<Record<string, number>>): void {
    for (const bucket of this.tables.keys())
      for (const [group, owners] of (this.ringOf(bucket)?.groups ?? []).entries())
        this.raiseFloor(bucket, group, floors[floorName(bucket, owners)] ?? 0);
  }

  raiseFloor(bucket: string, group: number, floor: number): void {
    if (floor <= this.floor(bucket, group)) return;
    const table = this.table(bucket);
    const dead: [string, Slot][] = [];
    for (const [key, slot] of table.slots)
      if (groupOf(slot) === group && isDeadAt(slot, floor) && !table.isPurgeable(slot))
        dead.push([key, slot]);
    for (const [key, slot] of dead) {
      table.toggle(slot);
      this.account(table, key, slot, -1);
    }
    table.floors.set(group, floor);
    for (const [key, slot] of dead) this.account(table, key, slot, 1);
  }

  /** Whether the bucket holds anything that is dead or will be. */
  hasMortals(bucket: string): boolean {
    return (this.tables.get(bucket)?.mortals ?? 0) > 0;
  }

  /** The group's tree as it would be with this floor, should that be higher than its own. */
  treeAt(bucket: string, group: number, floor: number): MerkleTree {
    const table = this.table(bucket);
    const tree = table.tree(group);
    if (floor <= this.floor(bucket, group)) return tree;
    const copy = tree.copy();
    for (const slot of table.slots.values())
      if (groupOf(slot) === group && isDeadAt(slot, floor) && !table.isPurgeable(slot)) toggleIn(copy, slot);
    return copy;
  }

  /** Whether a record may be left behind when the log is purged up to `through`: dead, agreed on, with nothing older behind. */
  mayLeave({ bucket, key }: Pick<WireRecord, 'bucket' | 'key'>, through: number): boolean {
    const table = this.tables.get(bucket);
    const slot = table?.slots.get(key);
    if (table === undefined || slot === undefined) return false;
    return table.isPurgeable(slot) && slot.sequence <= through && slot.shadow <= through;
  }

  /** Forgets a key whose record has left the log. */
  leave(bucket: string, key: string): void {
    const table = this.tables.get(bucket);
    const slot = table?.slots.get(key);
    if (table === undefined || slot === undefined) return;
    this.account(table, key, slot, -1);
    table.toggle(slot);
    this.live.remove(slot.sequence);
    table.slots.delete(key);
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

  /** How many records of the entry `sequence`, which must have been merged, are the newest of their keys. */
  liveIn(sequence: number): number {
    return this.live.of(sequence);
  }

  /** Entries up to here have left the log. */
  purged(through: number): void {
    this.live.forget(through);
  }

  /** Forgets in which entries the records stand: the log is not the one they were read from. Merging them again tells. */
  forgetPlaces(): void {
    this.live.clear();
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

  /**
   * Whether what is held of the key is dead at or below the floor: to a reader it is as if it had left. All owners answer alike
   * whether or not compaction has come by, and none repairs another with it.
   */
  hasGone(bucket: string, key: string): boolean {
    const table = this.tables.get(bucket);
    const slot = table?.slots.get(key);
    return table !== undefined && slot !== undefined && table.isPurgeable(slot);
  }

  /** As `get`, for a reader. */
  read(bucket: string, key: string): WireRecord | undefined {
    return this.hasGone(bucket, key) ? undefined : this.get(bucket, key);
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
    if (this.latest?.bucket === bucket) return this.latest.table;
    const table = this.tables.get(bucket) ?? new Table(this.ringOf(bucket));
    this.tables.set(bucket, table);
    this.latest = { bucket, table };
    return table;
  }

  /** Puts a record into its key's slot. */
  private fill(slot: Slot, record: WireRecord, sequence: number, keyHash: number): void {
    const writer = this.intern(record.writer);
    slot.value = record.value;
    slot.base64 = record.base64;
    slot.time = record.time;
    slot.writer = writer.name;
    slot.expiresAt = record.expiresAt;
    slot.sequence = sequence;
    const { a, b } = hashRecord(record, keyHash, writer.hash);
    slot.hashA = a;
    slot.hashB = b;
    this.live.add(sequence);
  }

  private intern(name: string): Writer {
    const known = this.writers.get(name);
    if (known !== undefined) return known;
    const writer = { name, hash: textHash(name) };
    this.writers.set(name, writer);
    return writer;
  }

  private account(table: Table, key: string, slot: Slot, sign: 1 | -1): void {
    if (isTombstone(slot)) this.tombstoneCount += sign;
    else this.keyCount += sign;
    if (isTombstone(slot) || slot.expiresAt !== undefined) table.mortals += sign;
    if (!table.isPurgeable(slot)) this.bytes += sign * bytesOf(key, slot);
  }
}

/** How the floor of a group is named in notes and in status. */
export function floorName(bucket: string, owners: readonly string[] = []): string {
  return `${bucket}/${owners.join('+')}`;
}
