// What a simulated disk holds, whatever the replica beside it has in memory.
import type { WireRecord } from '../../src/wire/generated/types.js';
import { decodeEntry } from '../../src/wire/log-entry.js';
import { isOlder } from './check/version.js';
import type { SimDisk } from './streams.js';

/** The newest record of each key in the log on `disk`. */
export function recordsOnDisk(disk: SimDisk): Map<string, WireRecord> {
  const newest = new Map<string, WireRecord>();
  for (const { data } of disk.log?.entries ?? []) {
    const decoded = decodeEntry(data);
    if (decoded.kind !== 'entry') continue;
    for (const record of decoded.entry.records)
      if (isOlder(newest.get(record.key) ?? null, record)) newest.set(record.key, record);
  }
  return newest;
}
