// How much slower are QUORUM reads while one owner of the keys is frozen? The 99th percentile with a paused node over the
// one without, for clients that coordinate themselves and through a node.
//
//   node scripts/build.mjs && node dist/bench/paused-owner.js
//   MODES=api READERS=1 SECONDS=5 ROUNDS=1 node dist/bench/paused-owner.js
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { freePorts } from '../src/chaos/free-ports.js';
import { Emulator } from '../src/emulator/emulator.js';
import { type Client, connect, Level, type Mode } from '../src/index.js';

const seconds = Number(process.env['SECONDS'] ?? 5);
const readers = Number(process.env['READERS'] ?? 8);
const rounds = Number(process.env['ROUNDS'] ?? 3);
const modes = (process.env['MODES'] ?? 'direct,api').split(',') as Mode[];
/** n2 owns these with n3 and n0, or with n1 and n3. */
const keys = Array.from({ length: 128 }, (_, i) => 64 + i);
const pausedNode = 'n2';
const microseconds = 1000;

async function measure(client: Client): Promise<RecordableHistogram> {
  const histogram = createHistogram();
  const endsAtMs = performance.now() + seconds * 1000;
  const read = async (reader: number) => {
    for (let i = reader; performance.now() < endsAtMs; i++) {
      const startedAtMs = performance.now();
      await client.get(keys[i % keys.length] ?? 0, { level: Level.Quorum });
      histogram.record(Math.max(1, Math.round((performance.now() - startedAtMs) * microseconds)));
    }
  };
  await Promise.all(Array.from({ length: readers }, (_, reader) => read(reader)));
  return histogram;
}

const inMs = (histogram: RecordableHistogram, percentile: number): string =>
  (histogram.percentile(percentile) / microseconds).toFixed(1).padStart(7);

function row(what: string, histogram: RecordableHistogram): void {
  const perSecond = String(Math.round(histogram.count / seconds)).padStart(7);
  const longest = (histogram.max / microseconds).toFixed(1).padStart(7);
  console.log(
    `${what.padEnd(34)}${perSecond}${inMs(histogram, 50)}${inMs(histogram, 99)}${inMs(histogram, 99.9)}${longest}`,
  );
}

async function compare(emulator: Emulator, mode: Mode): Promise<number> {
  const [first] = emulator.urls;
  const client = await connect({
    servers: first ?? [],
    mode,
    timeoutMs: 5000,
    nats: { ignoreClusterUpdates: true },
  });
  try {
    for (const key of keys) await client.put(key, 'v'.repeat(100), { level: Level.All });
    await measure(client);
    const without = await measure(client);
    row(`${mode}: all owners answer`, without);
    // Not waited for: nobody has noticed when the reads begin.
    const noticed = emulator.pause(pausedNode);
    const paused = await measure(client);
    await noticed;
    row(`${mode}: ${pausedNode} paused at the start`, paused);
    await emulator.resume(pausedNode);
    return paused.percentile(99) / without.percentile(99);
  } finally {
    await client.close();
  }
}

const dataDir = await mkdtemp(path.join(os.tmpdir(), 'dynats-bench-'));
const emulator = await Emulator.start({ dataDir, port: await freePorts(16), sync: 'lazy' });
try {
  console.log(`QUORUM reads, ${readers} readers, ${seconds} s each; latencies in ms`);
  console.log(
    `${''.padEnd(34)}${['reads/s', 'p50', 'p99', 'p99.9', 'max'].map(h => h.padStart(7)).join('')}`,
  );
  for (const mode of modes)
    for (let round = 0; round < rounds; round++) {
      const ratio = await compare(emulator, mode);
      console.log(`  p99 with the paused owner is ${ratio.toFixed(2)} times the p99 without`);
    }
} finally {
  await emulator.stop();
  await rm(dataDir, { recursive: true, force: true });
}
