// What it costs a put that a dashboard looks on: nodes sample 8 requests a second while they are asked for samples. The same
// load by turns on two emulators, one that is asked once a second and one that is not.
//
//   node scripts/build.mjs && node dist/bench/sampling.js [rounds] [seconds]
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Emulator } from '../src/emulator/emulator.js';
import { type Client, connect } from '../src/index.js';

const [rounds = 5, seconds = 3] = process.argv.slice(2).map(Number);
const port = 23_600;
const portsEach = 100;
const keys = 200;

interface Side {
  readonly client: Client;
  readonly emulator: Emulator;
  /** Operations a second and the median in milliseconds of each round, by callers. */
  readonly rates: Map<number, number[]>;
  readonly medians: Map<number, number[]>;
}

async function side(dataDir: string, first: number): Promise<Side> {
  const emulator = await Emulator.start({ dataDir, port: first, sync: 'lazy' });
  const client = await connect({ servers: [...emulator.urls] });
  return { client, emulator, rates: new Map(), medians: new Map() };
}

async function load({ client, rates, medians }: Side, callers: number, isKept: boolean): Promise<void> {
  const tookMs: number[] = [];
  const endAtMs = performance.now() + seconds * 1000;
  const write = async (caller: number) => {
    for (let i = caller; performance.now() < endAtMs; i += callers) {
      const begunAtMs = performance.now();
      await client.put(i % keys, 'x'.repeat(100), { timeoutMs: 10_000 });
      tookMs.push(performance.now() - begunAtMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => write(caller)));
  if (!isKept) return;
  tookMs.sort((a, b) => a - b);
  rates.set(callers, [...(rates.get(callers) ?? []), tookMs.length / seconds]);
  medians.set(callers, [...(medians.get(callers) ?? []), tookMs[tookMs.length >> 1] ?? 0]);
}

/** As the dashboard does: status and samples of every node, once a second. */
function look({ client, emulator }: Side): () => void {
  const timer = setInterval(() => {
    for (const node of emulator.nodes) {
      client.requests(node).catch(() => {});
      client.status(node).catch(() => {});
    }
  }, 1000);
  return () => clearInterval(timer);
}

const median = (values: readonly number[] = []) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const dir = await mkdtemp(path.join(os.tmpdir(), 'dynats-bench-'));
const sides = [await side(path.join(dir, 'off'), port), await side(path.join(dir, 'on'), port + portsEach)];
const [off, on] = sides;
if (off === undefined || on === undefined) throw new Error('two sides');
for (let round = -1; round < rounds; round++)
  for (const callers of [1, 64]) {
    const turns = round % 2 === 0 ? [off, on] : [on, off];
    for (const each of turns) {
      const stop = each === on ? look(on) : () => {};
      await load(each, callers, round >= 0);
      stop();
    }
  }
const { samples } = await on.client.requests('n0');
for (const callers of [1, 64]) {
  const [a, b] = [median(off.rates.get(callers)), median(on.rates.get(callers))];
  const pairs = (on.rates.get(callers) ?? []).map((rate, i) => rate / (off.rates.get(callers)?.[i] ?? rate));
  process.stdout.write(
    `${callers} callers: ${Math.round(a)} puts/s without, ${Math.round(b)} with samples; ratio ${median(pairs).toFixed(3)} ` +
      `(${Math.min(...pairs).toFixed(3)} to ${Math.max(...pairs).toFixed(3)} in ${rounds} rounds); ` +
      `p50 ${median(off.medians.get(callers)).toFixed(2)} and ${median(on.medians.get(callers)).toFixed(2)} ms\n`,
  );
}
process.stdout.write(`samples kept by n0 at the end: ${samples.length}\n`);
for (const { client, emulator } of sides) {
  await client.close();
  await emulator.stop();
}
await rm(dir, { recursive: true });
