// How much memory a replica takes for a record beside its key and value: what the process holds after reading a log, and what
// the memtable alone holds when all garbage is collected.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { keyOf } from '../../src/cli/bench/keys.js';
import { Part } from '../../src/emulator/part.js';
import type { DynatsCluster } from '../clusters/dynats.js';
import type { Finding } from '../finding.js';
import { residentBytes } from '../machine.js';
import type { Options } from '../options.js';
import { fillLog, oneNode, startOneNode, valueBytes } from './one-log.js';

const memtableFile = fileURLToPath(new URL('./memtable.js', import.meta.url));
const perEntry = 256;

export async function measureMemory({ records }: Options): Promise<Finding[]> {
  const cluster = await startOneNode();
  const empty = replicaBytes(cluster);
  await fillLog(cluster, { count: records, perEntry });
  await cluster.emulator.kill(oneNode, [Part.Replica]);
  await cluster.emulator.restart(oneNode);
  const full = replicaBytes(cluster);
  await cluster.stop();
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    memtableFile,
    String(records),
  ]);
  const own = keyBytes(records) + records * valueBytes;
  const bare = (bytes: number) => (bytes - own) / records;
  return [
    {
      id: 'memory.process',
      text: `resident memory of a replica a record, beside key and value, ${records} records just read`,
      value: bare(full - empty),
      unit: 'bytes',
    },
    {
      id: 'memory.memtable',
      text: 'the same of the memtable alone, without garbage',
      value: bare(Number(stdout)),
      unit: 'bytes',
    },
  ];
}

function keyBytes(records: number): number {
  let bytes = 0;
  for (let i = 0; i < records; i++) bytes += keyOf(i).length;
  return bytes;
}

function replicaBytes({ emulator }: DynatsCluster): number {
  const pid = emulator.report().nodes[oneNode]?.replica.pid;
  return (typeof pid === 'number' ? residentBytes(pid) : undefined) ?? Number.NaN;
}
