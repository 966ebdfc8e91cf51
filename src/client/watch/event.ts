// What a watch yields: one newer version of one key.
import { versionText } from '../../model/record.js';
import type { WireRecord } from '../../wire/generated/types.js';
import { Entry } from '../entry.js';

/** One newer version of one key. */
export interface WatchEvent {
  readonly kind: 'put' | 'delete';
  readonly bucket: string;
  readonly key: string;
  /** Undefined only for a delete of which nothing is left but that the key is gone. */
  readonly version: string | undefined;
  /** When it was written, by the clock of its writer. */
  readonly time: Date;
  /** The value; undefined for a delete. */
  readonly entry: Entry | undefined;
  /** False for what was there already when the watch began. */
  readonly isUpdate: boolean;
}

export function eventOf(record: WireRecord, isUpdate: boolean): WatchEvent {
  const { bucket, key, value, base64, deleted } = record;
  const version = versionText(record);
  return {
    kind: deleted === true ? 'delete' : 'put',
    bucket,
    key,
    version,
    time: new Date(Math.floor(record.time / 1000)),
    entry: deleted === true ? undefined : new Entry(bucket, key, version, value, base64),
    isUpdate,
  };
}

/** The delete of a key that is gone without a tombstone. */
export function vanished(bucket: string, key: string, nowMs: number): WatchEvent {
  return {
    kind: 'delete',
    bucket,
    key,
    version: undefined,
    time: new Date(nowMs),
    entry: undefined,
    isUpdate: true,
  };
}
