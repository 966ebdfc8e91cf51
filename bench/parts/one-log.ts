// A cluster of one node whose log holds many records, published to it as entries.
import { keyOf } from '../../src/cli/bench/keys.js';
import { Values } from '../../src/cli/bench/values.js';
import { openConnection } from '../../src/nats/connection.js';
import type { WireRecord } from '../../src/wire/generated/types.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';
import { subjects } from '../../src/wire/subjects.js';
import { bucketOf, type DynatsCluster, startDynats } from '../clusters/dynats.js';

export const oneNode = 'n0';
export const valueBytes = 100;
const inFlight = 64;
const timeoutMs = 30_000;

export function startOneNode(): Promise<DynatsCluster> {
  return startDynats({ sync: 'lazy', nodes: 1, valueBytes: [valueBytes] });
}

export function* madeRecords(count: number): Generator<WireRecord> {
  const values = new Values('bench', valueBytes);
  const bucket = bucketOf(valueBytes);
  const time = Date.now() * 1000 - count;
  for (let i = 0; i < count; i++) {
    const key = keyOf(i);
    yield { bucket, key, value: values.next(key), time: time + i, writer: 'bench~abcdefgh' };
  }
}

/** Publishes `count` records of different keys to the node's log. */
export async function fillLog(
  { emulator }: DynatsCluster,
  { count, perEntry }: { count: number; perEntry: number },
): Promise<void> {
  const servers = [emulator.logUrl(oneNode)];
  const connection = await openConnection({ servers, name: 'bench', timeoutMs });
  const records = madeRecords(count);
  const work = async () => {
    for (;;) {
      const texts: string[] = [];
      for (let record = records.next(); ; record = records.next()) {
        if (record.done === true) break;
        texts.push(encodeRecord(record.value));
        if (texts.length === perEntry) break;
      }
      if (texts.length === 0) return;
      await connection.request(subjects.log(oneNode), encodeEntry(texts), { timeout: timeoutMs });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  await connection.close();
}
