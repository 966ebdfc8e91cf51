// `npm run overload`: ten times what the cluster can take, for a while. What is refused, how late the rest is, and how soon all is
// as before.
import { parseArgs } from 'node:util';
import { type Client, connect, DynatsError } from '../src/index.js';
import { undoAll, undoOnSignals } from './clean-up.js';
import { bucketOf, startDynats } from './clusters/dynats.js';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '10' },
    mode: { type: 'string', default: 'direct' },
    // Large enough that this process can offer ten times what four nodes on the same machine store.
    size: { type: 'string', default: '16384' },
  },
});
const valueBytes = Number(values.size);
const closedCallers = 256;
const easyCallers = 16;
const tickMs = 5;
const perTickMax = 2000;
const pendingMax = 200_000;
const keys = 10_000;
const timeoutMs = 2000;
/** Recovered: the median of a tenth of a second is at most twice what it was before. */
const sampleMs = 100;
const slowerMax = 2;

interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

function latencies(ms: number[]): Latencies {
  ms.sort((a, b) => a - b);
  const at = (share: number) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? 0;
  return { count: ms.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function put(client: Client, i: number): Promise<unknown> {
  const value = `${i}`.padEnd(valueBytes, '.');
  return client.put(`key-${i % keys}`, value, { bucket: bucketOf(valueBytes), level: 'QUORUM', timeoutMs });
}

/** So many callers, each with one write under way, until `until`. */
async function closedLoop(client: Client, callers: number, until: () => boolean): Promise<number[]> {
  const ms: number[] = [];
  let next = 0;
  const call = async () => {
    while (!until()) {
      const begunAtMs = performance.now();
      await put(client, next++).catch(() => {});
      ms.push(performance.now() - begunAtMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return ms;
}

function after(limitMs: number): () => boolean {
  const end = performance.now() + limitMs;
  return () => performance.now() >= end;
}

interface Flooded {
  readonly offered: number;
  readonly accepted: Latencies;
  /** By code of the error. */
  readonly failed: Readonly<Record<string, number>>;
  readonly refusal: Latencies;
}

/** So many writes a second, whether they are answered or not. */
async function flood(client: Client, perSecond: number, forMs: number): Promise<Flooded> {
  const accepted: number[] = [];
  const refused: number[] = [];
  const failed: Record<string, number> = {};
  const pending = new Set<Promise<void>>();
  const begunAtMs = performance.now();
  let offered = 0;
  while (performance.now() - begunAtMs < forMs) {
    const due = Math.floor(((performance.now() - begunAtMs) / 1000) * perSecond);
    // More than this process can offer in a tick it does not owe: that would be an ever longer tick.
    const end = Math.min(due, offered + perTickMax);
    for (; offered < end && pending.size < pendingMax; offered++) {
      const startedAtMs = performance.now();
      const call: Promise<void> = put(client, offered).then(
        () => void accepted.push(performance.now() - startedAtMs),
        (error: unknown) => {
          const code = error instanceof DynatsError ? error.code : String(error);
          failed[code] = (failed[code] ?? 0) + 1;
          if (code === 'OVERLOADED') refused.push(performance.now() - startedAtMs);
        },
      );
      pending.add(call);
      void call.then(() => pending.delete(call));
    }
    await new Promise(done => setTimeout(done, tickMs));
  }
  await Promise.all(pending);
  return { offered, accepted: latencies(accepted), failed, refusal: latencies(refused) };
}

/** How long after now the median is again what it was. */
async function recovery(client: Client, beforeMs: number, limitMs: number): Promise<number> {
  const begunAtMs = performance.now();
  for (;;) {
    const { p50Ms } = latencies(await closedLoop(client, easyCallers, after(sampleMs)));
    const tookMs = performance.now() - begunAtMs;
    if (p50Ms <= slowerMax * beforeMs || tookMs > limitMs) return tookMs;
  }
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const shown = ({ count, p50Ms, p99Ms, maxMs }: Latencies) =>
  `${count}, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, longest ${maxMs.toFixed(0)} ms`;
undoOnSignals();
try {
  const cluster = await startDynats({ sync: 'always', valueBytes: [valueBytes] });
  const mode = values.mode === 'api' ? 'api' : 'direct';
  const client = await connect({ servers: [...cluster.urls], mode });
  await closedLoop(client, closedCallers, after(2000));
  const full = await closedLoop(client, closedCallers, after(4000));
  const easy = latencies(await closedLoop(client, easyCallers, after(2000)));
  const capacity = full.length / 4;
  say(`capacity: ${capacity.toFixed(0)} writes/s with ${closedCallers} callers, mode ${mode}`);
  say(`before: ${shown(easy)} with ${easyCallers} callers`);
  const wanted = capacity * Number(values.times);
  const { offered, accepted, failed, refusal } = await flood(client, wanted, Number(values.seconds) * 1000);
  say(`offered: ${offered}, ${(offered / Number(values.seconds) / capacity).toFixed(1)} times the capacity`);
  say(`accepted: ${shown(accepted)}`);
  say(`OVERLOADED: ${shown(refusal)}`);
  say(`failed: ${JSON.stringify(failed)}`);
  say(`as before ${(await recovery(client, easy.p50Ms, 30_000)).toFixed(0)} ms after the last answer`);
  await client.close();
} finally {
  await undoAll();
}
process.exit(0);
