// One key's place in the memtable.
import { LEAVES, type MerkleTree } from '../model/merkle.js';
import { compareRecords } from '../model/record.js';
import type { WireRecord } from '../wire/generated/types.js';

/** One key's newest record, without the bucket and key that lead to it. */
export interface Slot {
  value: string | undefined;
  base64: string | undefined;
  time: number;
  writer: string;
  expiresAt: number | undefined;
  /** Sequence of the newest log entry that holds this record. */
  sequence: number;
  /** Group of owners and leaf: where the key stands in the trees. */
  cell: number;
  /** Highest sequence of an entry with an older record of the key: it would come back if this one left the log first. */
  shadow: number;
  /** Hash of the record, as it was added to its tree. */
  hashA: number;
  hashB: number;
}

/** Bytes a record takes in a log entry beside its key and value; an estimate, for deciding when to compact. */
const RECORD_OVERHEAD_BYTES = 100;

export function isTombstone({ value, base64 }: Slot): boolean {
  return value === undefined && base64 === undefined;
}

export function isDeadAt(slot: Slot, floor: number): boolean {
  return (slot.expiresAt ?? Number.POSITIVE_INFINITY) <= floor || (isTombstone(slot) && slot.time <= floor);
}

export function groupOf({ cell }: Slot): number {
  return Math.floor(cell / LEAVES);
}

export function toggleIn(tree: MerkleTree, { cell, hashA, hashB }: Slot): void {
  tree.toggle(cell % LEAVES, { a: hashA, b: hashB });
}

export function bytesOf(
  key: string,
  record: { value?: string | undefined; base64?: string | undefined },
): number {
  return RECORD_OVERHEAD_BYTES + key.length + (record.value?.length ?? record.base64?.length ?? 0);
}

export function recordOf(bucket: string, key: string, slot: Slot): WireRecord {
  const { time, writer, value, base64, expiresAt } = slot;
  const end = expiresAt === undefined ? {} : { expiresAt };
  if (value !== undefined) return { bucket, key, value, time, writer, ...end };
  if (base64 !== undefined) return { bucket, key, base64, time, writer, ...end };
  return { bucket, key, deleted: true, time, writer, ...end };
}

export function emptySlot(cell: number): Slot {
  return {
    value: undefined,
    base64: undefined,
    time: 0,
    writer: '',
    expiresAt: undefined,
    sequence: 0,
    cell,
    shadow: 0,
    hashA: 0,
    hashB: 0,
  };
}

/** As `compareRecords`; mostly the times tell. */
export function compareToSlot(record: WireRecord, slot: Slot): number {
  return record.time - slot.time || compareRecords(record, recordOf(record.bucket, record.key, slot));
}
