// What was read or watched, in the shape of @nats-io/kv's entries.
import { Entry } from '../client/entry.js';
import type { WatchEvent } from '../client/watch/event.js';
import { parseVersion } from '../model/record.js';
import type { GetReply } from '../wire/generated/types.js';
import type { KvCodecs, KvEntry, KvWatchEntry } from './types.js';

/** The revision a version is shown as. */
export function revisionOf(version: string): number {
  return parseVersion(version, false).time;
}

interface Content {
  readonly bucket: string;
  readonly rawKey: string;
  readonly value: Uint8Array | undefined;
  readonly revision: number;
}

const utf8 = new TextDecoder();
const NOTHING = new Uint8Array(0);

function entryOf({ bucket, rawKey, value, revision }: Content, codec: KvCodecs | undefined): KvEntry {
  const bytes = value === undefined ? NOTHING : (codec?.value.decode(value) ?? value);
  const string = () => utf8.decode(bytes);
  return {
    bucket,
    key: codec?.key.decode(rawKey) ?? rawKey,
    rawKey,
    value: bytes,
    created: new Date(Math.floor(revision / 1000)),
    revision,
    operation: value === undefined ? 'DEL' : 'PUT',
    length: bytes.length,
    json: <T>() => JSON.parse(string()) as T,
    string,
  };
}

/** Null for a key of which nothing is known. */
export function readEntry(bucket: string, reply: GetReply, codec: KvCodecs | undefined): KvEntry | null {
  if (reply.version === undefined) return null;
  const value = Entry.of(bucket, reply)?.value;
  return entryOf({ bucket, rawKey: reply.key, value, revision: revisionOf(reply.version) }, codec);
}

export function storedEntry(entry: Entry, codec: KvCodecs | undefined): KvEntry {
  const { bucket, key: rawKey, value, version } = entry;
  return entryOf({ bucket, rawKey, value, revision: revisionOf(version) }, codec);
}

/** @param isBare leaves the value out. */
export function watchEntry(event: WatchEvent, codec: KvCodecs | undefined, isBare: boolean): KvWatchEntry {
  const { bucket, key: rawKey, version, time, isUpdate, entry } = event;
  const revision = version === undefined ? time.getTime() * 1000 : revisionOf(version);
  if (entry === undefined)
    return { ...entryOf({ bucket, rawKey, value: undefined, revision }, codec), isUpdate };
  if (!isBare) return { ...storedEntry(entry, codec), isUpdate };
  return {
    ...entryOf({ bucket, rawKey, value: NOTHING, revision }, undefined),
    isUpdate,
    key: keyOf(rawKey, codec),
  };
}

export function keyOf(rawKey: string, codec: KvCodecs | undefined): string {
  return codec?.key.decode(rawKey) ?? rawKey;
}
