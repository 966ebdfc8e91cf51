// Merkle trees over the records that two owners share: equal roots mean equal records, and where roots differ a few
// exchanges find the leaves that do. Kept up to date record by record (each leaf is the XOR of its records' hashes), so that
// comparing costs the same however many keys there are.
import { crc32 } from '#platform/checksum';
import type { WireRecord } from '../wire/generated/types.js';

/** Leaves of one tree. */
export const LEAVES = 1024;
/** Leaves under one branch. */
export const LEAVES_PER_BRANCH = 32;
export const BRANCHES = LEAVES / LEAVES_PER_BRANCH;

/** 64 bits, as two 32-bit integers. */
export interface Hash {
  readonly a: number;
  readonly b: number;
}

/** What a text adds to a record's hash: of its key, which gives its leaf too, or of its writer. */
export function textHash(text: string): number {
  return crc32(text);
}

/** The leaf a key belongs to, 0 <= leaf < LEAVES. */
export function leafOf(keyHash: number): number {
  return mix(keyHash, 0x51ed270b) & (LEAVES - 1);
}

/**
 * Depends on everything that tells one record of a key from another: value too, should a writer use a version twice.
 *
 * @param keyHash of the record's key, @param writerHash of its writer: `textHash`.
 */
export function hashRecord(
  record: Omit<WireRecord, 'bucket' | 'key' | 'writer'>,
  keyHash: number,
  writerHash: number,
): Hash {
  const { time, value, base64, expiresAt } = record;
  const kind = record.deleted === true ? 1 : base64 !== undefined ? 2 : 3;
  let hash: Hash = { a: 0x9e3779b9 | 0, b: 0x7f4a7c15 | 0 };
  hash = add(hash, keyHash);
  hash = add(hash, writerHash);
  hash = add(hash, crc32(value ?? base64 ?? ''));
  hash = add(hash, Math.floor(time / 2 ** 32));
  hash = add(hash, (time % 2 ** 32) | 0);
  hash = add(hash, kind);
  if (expiresAt === undefined) return hash;
  hash = add(hash, Math.floor(expiresAt / 2 ** 32));
  return add(hash, (expiresAt % 2 ** 32) | 0);
}

function add({ a, b }: Hash, part: number): Hash {
  return { a: mix(a ^ part, 0x85ebca6b), b: mix(b + part, 0xc2b2ae35) };
}

function mix(x: number, multiplier: number): number {
  let h = Math.imul(x ^ (x >>> 16), multiplier);
  h = Math.imul(h ^ (h >>> 13), 0x5bd1e995);
  return h ^ (h >>> 15);
}

/** One tree: hashes of its leaves. */
export class MerkleTree {
  private readonly cells = new Int32Array(2 * LEAVES);

  /** Adds a record's hash to a leaf; adding it again takes it out. */
  toggle(leaf: number, hash: Hash): void {
    const { cells } = this;
    cells[2 * leaf] = (cells[2 * leaf] ?? 0) ^ hash.a;
    cells[2 * leaf + 1] = (cells[2 * leaf + 1] ?? 0) ^ hash.b;
  }

  copy(): MerkleTree {
    const copy = new MerkleTree();
    copy.cells.set(this.cells);
    return copy;
  }

  leaf(leaf: number): string {
    return hashText({ a: this.cells[2 * leaf] ?? 0, b: this.cells[2 * leaf + 1] ?? 0 });
  }

  /** The hash of a branch's leaves. */
  branch(branch: number): string {
    return this.over(branch * LEAVES_PER_BRANCH, LEAVES_PER_BRANCH);
  }

  root(): string {
    return this.over(0, LEAVES);
  }

  branches(): string[] {
    return Array.from({ length: BRANCHES }, (_, branch) => this.branch(branch));
  }

  leavesOf(branch: number): string[] {
    return Array.from({ length: LEAVES_PER_BRANCH }, (_, i) => this.leaf(branch * LEAVES_PER_BRANCH + i));
  }

  /** Position matters: a record that moved to another leaf changes the hash. */
  private over(from: number, count: number): string {
    let a = 0;
    let b = 0;
    for (let i = 2 * from; i < 2 * (from + count); i += 2) {
      a = mix(a ^ (this.cells[i] ?? 0), 0x85ebca6b) + i;
      b = mix(b ^ (this.cells[i + 1] ?? 0), 0xc2b2ae35) + i;
    }
    return hashText({ a, b });
  }
}

/** 16 hexadecimal digits. */
export function hashText({ a, b }: Hash): string {
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}
