// Buckets: their names, their lives, and the order of their definitions.
import type { BucketDefinition } from '../wire/generated/types.js';

/** The store's own bucket: one record for each bucket, its key the name. Every node owns all of it. */
export const BUCKETS = '_buckets';

/** Names that begin like this are the store's own. */
export function isReserved(name: string): boolean {
  return name.startsWith('_');
}

/** Whether a bucket of clients may have this name. */
export function isBucketName(name: string): boolean {
  return /^[A-Za-z0-9-][A-Za-z0-9_-]{0,63}$/.test(name);
}

/**
 * What the records of one life of a bucket carry in place of its name. A bucket that is dropped and made anew begins
 * another life, so that no record of an earlier one, however late it comes, is ever taken for one of the new.
 */
export function lifeName(name: string, life: number): string {
  return life === 0 ? name : `${name}~${life}`;
}

/** The reverse of `lifeName`. */
export function parseLife(text: string): { name: string; life: number } {
  const at = text.indexOf('~');
  return at < 0 ? { name: text, life: 0 } : { name: text.slice(0, at), life: Number(text.slice(at + 1)) };
}

/** Versions of definitions within one life: its changes, and last of all its end. */
const TIMES_PER_LIFE = 2 ** 21;

/**
 * The time in a definition's version. No clock: a later life wins over an earlier one, within a life its end over every
 * change, and a later change over an earlier one, whenever and by whomever they were made.
 */
export function definitionTime({ life = 0, change = 0, dropped }: BucketDefinition): number {
  return life * TIMES_PER_LIFE + (dropped === true ? TIMES_PER_LIFE - 1 : change) + 1;
}
