// Prints the bytes that a memtable of so many records holds, as a process of its own: `node --expose-gc memtable.js COUNT`.
import { Ring } from '../../src/model/ring.js';
import { Memtable } from '../../src/replica/memtable.js';
import { decodeEntry, encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';
import { madeRecords } from './one-log.js';

const perEntry = 256;
const count = Number(process.argv[2]);
const collect = () => (globalThis as { gc?: () => void }).gc?.();
const held = () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const ring = new Ring(['n0'], { partitioner: 'murmur3', replicationFactor: 1 });
const memtable = new Memtable(() => ring);
const before = held();
let sequence = 0;
let texts: string[] = [];
const flush = () => {
  const decoded = decodeEntry(encodeEntry(texts));
  if (decoded.kind !== 'entry') throw new Error(decoded.reason);
  sequence++;
  for (const record of decoded.entry.records) memtable.merge(record, sequence);
  texts = [];
};
for (const record of madeRecords(count)) {
  texts.push(encodeRecord(record));
  if (texts.length === perEntry) flush();
}
if (texts.length > 0) flush();
console.log(held() - before);
if (memtable.keys !== count) throw new Error(`${memtable.keys} keys of ${count}`);
