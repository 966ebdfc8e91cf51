// What a session has seen, and what an answer must show to be no step back. A session is carried by its client as a token;
// no node keeps anything of it.
//
// For each key of late the token has the newest version the session wrote or read. A version means the same on every owner and
// to every coordinator, and outlives the owner that acked it; a position in one owner's log would prove nothing of the others.
// Keys the token has no room for are folded into the floor: the newest of their versions, and the smallest number of owners
// that any of them was known to stand on. A version that stands on h of n owners is met by any n - h + 1 of them.
import { sha256 } from '#platform/checksum';
import { compareVersions, type Version } from './record.js';

/** Keys one token tells apart. The schema allows for no more. */
export const TOKEN_KEYS_MAX = 32;
const FLOOR = 'floor';
const HOLDERS_MAX = 99;
const HASH_DIGITS = 16;
const ENTRY = /^([^.]+)\.(\d+)([vd])([0-9a-z]+)@(.+)$/;

interface Seen {
  readonly version: Version;
  /** Owners known to hold it, or newer, in their logs: 0 when only a hint is kept. */
  readonly holders: number;
}

/** What a read within a session must meet. */
export interface Demand {
  readonly version: Version;
  /** With answers of so many owners the newest of them is good enough, even if it is older. Infinite: never. */
  readonly answers: number;
}

export class SessionMemory {
  /** By hash of bucket and key; the one touched last comes last. */
  private readonly keys = new Map<string, Seen>();
  private floor: Seen | undefined;

  /** @param keysMax keys to tell apart. */
  constructor(private readonly keysMax = TOKEN_KEYS_MAX) {}

  /** @param token that the schema takes. @throws RangeError for a time that is none. */
  static parse(token: string, keysMax = TOKEN_KEYS_MAX): SessionMemory {
    const memory = new SessionMemory(keysMax);
    if (token === '') return memory;
    for (const entry of token.split(',')) {
      const [name, seen] = parseEntry(entry);
      if (name === FLOOR) memory.sink(seen);
      else memory.take(name, seen);
    }
    return memory;
  }

  /** A read that met the session's demand found this version of the key. */
  read(bucket: string, key: string, version: Version, holders: number): void {
    this.take(hashOf(bucket, key), { version, holders });
  }

  /** The session wrote this version of the key, whatever it had seen of it before. */
  wrote(bucket: string, key: string, version: Version, holders: number): void {
    const hash = hashOf(bucket, key);
    const { floor } = this;
    // A newer version of this very key may be in the floor: then that goes on to speak for the key.
    const mayBeOlder =
      floor !== undefined && !this.keys.has(hash) && compareVersions(version, floor.version) < 0;
    if (mayBeOlder) this.sink({ version, holders });
    else this.take(hash, { version, holders });
  }

  /** Takes up the token of a reply to a request that carried `about` the key. */
  learn(bucket: string, key: string, token: string): void {
    const { keys, floor } = SessionMemory.parse(token);
    if (floor !== undefined) this.sink(floor);
    const seen = keys.get(hashOf(bucket, key));
    if (seen !== undefined) this.wrote(bucket, key, seen.version, seen.holders);
  }

  /** What a read of the key must meet; undefined when the session has seen nothing of it. @param owners of the key. */
  demand(bucket: string, key: string, owners: number): Demand | undefined {
    const seen = this.keys.get(hashOf(bucket, key));
    if (seen !== undefined) return { version: seen.version, answers: Number.POSITIVE_INFINITY };
    if (this.floor === undefined) return undefined;
    return { version: this.floor.version, answers: owners - this.floor.holders + 1 };
  }

  /** The newest time it has seen; 0 when it has seen nothing. */
  newestTime(): number {
    return [...this.keys.values()].reduce(
      (newest, { version }) => Math.max(newest, version.time),
      this.floor?.version.time ?? 0,
    );
  }

  /** The token for a request about one key: what is known of that key, and the floor. */
  about(bucket: string, key: string): string {
    const hash = hashOf(bucket, key);
    const seen = this.keys.get(hash);
    return [
      ...(this.floor === undefined ? [] : [entryOf(FLOOR, this.floor)]),
      ...(seen === undefined ? [] : [entryOf(hash, seen)]),
    ].join();
  }

  /** The token of all of it: the keys touched last, the others in the floor. */
  token(): string {
    const whole = new SessionMemory();
    if (this.floor !== undefined) whole.sink(this.floor);
    for (const [hash, seen] of this.keys) whole.take(hash, seen);
    return [
      ...(whole.floor === undefined ? [] : [entryOf(FLOOR, whole.floor)]),
      ...[...whole.keys].map(([hash, seen]) => entryOf(hash, seen)),
    ].join();
  }

  private take(hash: string, seen: Seen): void {
    const known = this.keys.get(hash);
    this.keys.delete(hash);
    this.keys.set(hash, known === undefined ? seen : newerOf(known, seen));
    const [oldest] = this.keys;
    if (this.keys.size <= this.keysMax || oldest === undefined) return;
    this.keys.delete(oldest[0]);
    this.sink(oldest[1]);
  }

  /** Folds a key into the floor, which then holds for it as for all that are there. */
  private sink(seen: Seen): void {
    const { floor } = this;
    this.floor =
      floor === undefined
        ? seen
        : {
            version: newerOf(floor, seen).version,
            holders: Math.min(floor.holders, seen.holders),
          };
  }
}

/** Whether an answer is no step back for the session. @param version of the newest answer. @param answers how many came. */
export function meets(demand: Demand, version: Version | null, answers: number): boolean {
  if (version !== null && compareVersions(version, demand.version) >= 0) return true;
  return answers >= demand.answers;
}

function newerOf(a: Seen, b: Seen): Seen {
  const order = compareVersions(a.version, b.version);
  if (order === 0) return a.holders > b.holders ? a : b;
  return order > 0 ? a : b;
}

/** 64 bits of a cryptographic hash: keys of one session do not collide by chance, nor by intent. */
function hashOf(bucket: string, key: string): string {
  // No bucket's name has a slash.
  return sha256(`${bucket}/${key}`).slice(0, HASH_DIGITS);
}

function entryOf(name: string, { version, holders }: Seen): string {
  const kind = version.deleted === true ? 'd' : 'v';
  return `${name}.${Math.min(holders, HOLDERS_MAX)}${kind}${version.time.toString(36)}@${version.writer}`;
}

function parseEntry(entry: string): [string, Seen] {
  const [, name = '', holders = '', kind = '', time36 = '', writer = ''] = ENTRY.exec(entry) ?? [];
  const time = Number.parseInt(time36, 36);
  if (name === '' || !Number.isSafeInteger(time) || time < 1)
    throw new RangeError('not a session token of this store');
  const version = kind === 'd' ? ({ time, writer, deleted: true } as const) : { time, writer };
  return [name, { version, holders: Number(holders) }];
}

/** A version as clients see it, and whether it is a delete, as what sessions compare. */
export function versionOf(text: string, deleted: boolean): Version {
  const at = text.indexOf('@');
  const version = { time: Number(text.slice(0, at)), writer: text.slice(at + 1) };
  return deleted ? { ...version, deleted: true } : version;
}
