// Owners come to hold the same, in memory and on disk. Looked at from outside: at what each node's memory and disk hold.
import type { WireRecord } from '../../../src/wire/generated/types.js';
import type { SimCluster } from '../cluster.js';
import { recordsOnDisk } from '../records-on-disk.js';
import type { Violation } from './history.js';
import { isOlder, show } from './version.js';

export interface Held {
  readonly bucket: string;
  readonly keys: readonly string[];
  readonly ownersOf: (key: string) => readonly string[];
}

export function divergences(cluster: SimCluster, { bucket, keys, ownersOf }: Held): Violation[] {
  return keys.flatMap(key => {
    const copies = ownersOf(key).map(owner => cluster.core(owner)?.replica.memtable.get(bucket, key));
    if (new Set(copies.map(textOf)).size <= 1) return [];
    const what = `key ${key}: owners hold ${copies.map(copy => show(copy ?? null)).join(', ')}`;
    return [{ rule: 'replicas converge', what }];
  });
}

function textOf(record: WireRecord | undefined): string {
  if (record === undefined) return '';
  const { time, writer, deleted = false, value, base64, expiresAt } = record;
  return JSON.stringify([time, writer, deleted, value, base64, expiresAt]);
}

/** What a replica holds in memory must be in its log: memory does not survive. */
export function forgotten(cluster: SimCluster, { bucket, keys }: Held): Violation[] {
  return cluster.nodes.flatMap(node => {
    const onDisk = recordsOnDisk(cluster.disk(node));
    return keys.flatMap(key => {
      const held = cluster.core(node)?.replica.memtable.get(bucket, key);
      if (held === undefined || !isOlder(onDisk.get(key) ?? null, held)) return [];
      const what = `key ${key}: ${node} serves ${show(held)}, its log has ${show(onDisk.get(key) ?? null)}`;
      return [{ rule: 'a log holds what its replica serves', what }];
    });
  });
}
