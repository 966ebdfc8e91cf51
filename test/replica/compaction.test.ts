import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntryLane } from '../../src/coordinator/entry-lanes.js';
import { Ring } from '../../src/model/ring.js';
import type { Clock, ReplicaLog, StreamEntry } from '../../src/ports.js';
import { Compaction } from '../../src/replica/compaction.js';
import { Memtable } from '../../src/replica/memtable.js';
import type { Replica } from '../../src/replica/replica.js';
import type { WireRecord } from '../../src/wire/generated/types.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';

const ring = new Ring(['n0'], { partitioner: 'byte-ordered', replicationFactor: 1 });
const base = { bucket: 'b', key: 'k', writer: 'w' };
const dead: WireRecord = { ...base, deleted: true, time: 5 };
const alive: WireRecord = { ...base, key: 'l', value: 'v', time: 5 };
const older: WireRecord = { ...base, value: 'old', time: 1 };

/** Compacts a log of two entries once. @returns the keys it appended again, and those still in memory. */
async function compactOnce(beforePurge: (memtable: Memtable) => void, records = [dead, alive]) {
  const memtable = new Memtable(() => ring);
  const entries: StreamEntry[] = records.map((record, i) => {
    memtable.merge(record, i + 1);
    return { sequence: i + 1, data: encodeEntry([encodeRecord(record)]) };
  });
  memtable.raiseFloor('b', 0, 9);
  const appended: string[] = [];
  const read: [from: number, to: number][] = [];
  let bytes = 10_000;
  await new Promise<void>(done => {
    let looks = 0;
    const compaction = new Compaction({
      replica: {
        memtable,
        state: 'serving',
        applied: entries.length,
        notePurge: async () => beforePurge(memtable),
      } as unknown as Replica,
      log: {
        state: async () => ({
          firstSequence: 1,
          lastSequence: entries.length,
          entries: entries.length,
          bytes,
          missing: 0,
        }),
        read: async (from: number, to: number, on: (entry: StreamEntry) => void) => {
          read.push([from, to]);
          entries.slice(from - 1, to).forEach(on);
        },
        purge: async () => {
          bytes = 0;
        },
      } as unknown as ReplicaLog,
      lane: {
        submit: ({ text, acked }: { text: string; acked: () => void }) => {
          const record = JSON.parse(text) as WireRecord;
          appended.push(record.key);
          memtable.merge(record, 10 + appended.length);
          acked();
        },
      } as unknown as EntryLane,
      clock: {
        after: (_delayMs: number, task: () => void) => {
          if (looks++ === 0) setImmediate(task);
          else done();
          return { cancel() {} };
        },
      } as unknown as Clock,
      logger: { debug() {}, info() {}, warn: fields => assert.fail(JSON.stringify(fields)), error() {} },
      settings: { ratio: 1, minBytes: 0 },
    });
    compaction.start();
  });
  return { appended, read, held: ['k', 'l'].filter(key => memtable.get('b', key) !== undefined) };
}

test('a delete that all owners have leaves log and memory, and nothing else does', async () => {
  const { appended, held } = await compactOnce(() => {});
  assert.deepEqual({ appended, held }, { appended: ['l'], held: ['l'] });
});

test('a delete stays when what it deleted comes to the log while that is being purged', async () => {
  const { appended, held } = await compactOnce(memtable => memtable.merge(older, 3));
  assert.deepEqual({ appended, held }, { appended: ['l', 'k'], held: ['k', 'l'] });
});

test('entries of which nothing is current any more leave the log unread', async () => {
  const overwritten = [1, 2, 3, 4].map(time => ({ ...older, time }));
  const { appended, read, held } = await compactOnce(() => {}, [
    ...overwritten,
    alive,
    { ...older, time: 6 },
  ]);
  assert.deepEqual(read, [[5, 6]]);
  assert.deepEqual({ appended, held }, { appended: ['l', 'k'], held: ['k', 'l'] });
});
