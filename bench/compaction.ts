// What compaction costs a write: the same load, with a log that is compacted all the time and with one that never is.
//
//   node scripts/build.mjs && node dist/bench/compaction.js [seconds]
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Emulator } from '../src/emulator/emulator.js';
import { connect } from '../src/index.js';

const seconds = Number(process.argv[2] ?? 20);
const writers = 16;
/** Every key is overwritten often: most of the log is dead. */
const keys = 200;
const value = 'x'.repeat(1000);
const never = 2 ** 40;

interface Result {
  readonly writes: number;
  readonly p50: number;
  readonly p99: number;
  readonly compactions: number;
  readonly megabytes: number;
}

async function measure(minBytes: number, port: number): Promise<Result> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'dynats-bench-'));
  await using emulator = await Emulator.start({
    dataDir,
    port,
    sync: 'always',
    replica: { compaction: { minBytes, ratio: 2 } },
  });
  await using client = await connect({ servers: [...emulator.urls], mode: 'direct', timeoutMs: 10_000 });
  const tookMs: number[] = [];
  const endAtMs = performance.now() + seconds * 1000;
  const write = async (writer: number) => {
    for (let i = writer; performance.now() < endAtMs; i += writers) {
      const begunAtMs = performance.now();
      await client.put(String(i % keys), value);
      tookMs.push(performance.now() - begunAtMs);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  const logs = await Promise.all(emulator.nodes.map(async node => (await client.status(node)).log));
  await emulator.stop();
  await rm(dataDir, { recursive: true });
  tookMs.sort((a, b) => a - b);
  const at = (part: number) => tookMs[Math.floor(tookMs.length * part)] ?? 0;
  return {
    writes: tookMs.length,
    p50: at(0.5),
    p99: at(0.99),
    compactions: logs.reduce((sum, log) => sum + log.compactions, 0),
    megabytes: Math.max(...logs.map(log => log.bytes)) / 1e6,
  };
}

function show(what: string, { writes, p50, p99, compactions, megabytes }: Result): void {
  const rate = Math.round(writes / seconds);
  process.stdout.write(
    `${what}: ${rate} writes/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ${compactions} compactions, largest log ${megabytes.toFixed(1)} MB\n`,
  );
}

// Twice each, by turns: the machine may be busier at one time than at another.
for (let turn = 0; turn < 2; turn++) {
  show('never compacted       ', await measure(never, 18_000));
  show('compacted all the time', await measure(1_000_000, 18_100));
}
