// `npm run overload`: ten times what the cluster can take, for a while. What is refused, how late the rest is, and how soon all is
// as before. So that one machine can hold both the cluster and ten times its load, the nodes are far apart (a proxy between
// any two of them holds everything up) and their messages small: what they can store is bounded by that, not by CPU.
import { setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { bucketName } from '../src/chaos/load/order.js';
import { startOwnCluster } from '../src/chaos/own-cluster.js';
import { undoAll, undoAtEnd, undoOnSignals } from './clean-up.js';
import { type Answers, RawWrites } from './load/raw-writes.js';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '13' },
    seconds: { type: 'string', default: '10' },
    size: { type: 'string', default: '1024' },
    // How long everything takes from a node to another, in milliseconds; 0 without proxies.
    delay: { type: 'string', default: '150' },
    // Of a message, in bytes.
    payload: { type: 'string', default: '12288' },
  },
});
const valueBytes = Number(values.size);
const forMs = Number(values.seconds) * 1000;
const delayMs = Number(values.delay);
const fullUnderWay = [64, 256, 1024];
const fullMs = 4000;
const easyUnderWay = 16;
const timeoutMs = 2000;
/** Recovered: the median of a tenth of a second is at most twice what it was before, and nothing failed. */
const sampleMs = 100;
const slowerMax = 2;
const recoveryLimitMs = 30_000;

interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

function latencies(unsorted: readonly number[] = []): Latencies {
  const ms = unsorted.toSorted((a, b) => a - b);
  const at = (share: number) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? 0;
  return { count: ms.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

const stored = ({ byKind }: Answers) => latencies(byKind.get('stored'));

/** How long after now the median is again what it was. */
async function recovery(writes: RawWrites, beforeMs: number): Promise<number> {
  const begunAtMs = performance.now();
  for (;;) {
    const { byKind, unanswered } = await writes.closedLoop(easyUnderWay, sampleMs);
    const tookMs = performance.now() - begunAtMs;
    const isClean = byKind.size === 1 && unanswered === 0;
    const { p50Ms, count } = latencies(byKind.get('stored'));
    if (isClean && count > 0 && p50Ms <= slowerMax * beforeMs) return tookMs;
    if (tookMs > recoveryLimitMs) return Number.POSITIVE_INFINITY;
  }
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const shown = ({ count, p50Ms, p99Ms, maxMs }: Latencies) =>
  `${count}, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, longest ${maxMs.toFixed(0)} ms`;
undoOnSignals();
try {
  const maxPayload = Number(values.payload);
  const cluster = await startOwnCluster({ sync: 'always', maxPayload, hasNetwork: delayMs > 0 });
  undoAtEnd(() => cluster.close());
  for (const from of cluster.nodes)
    for (const to of cluster.nodes) if (from !== to) cluster.network?.slow?.(from, to, delayMs);
  // Who floods a cluster has a machine of its own, and does not wait for the CPU that the nodes use.
  if (process.getuid?.() === 0) setPriority(-10);
  const writes = await RawWrites.connect({
    servers: cluster.urls,
    bucket: bucketName,
    valueBytes,
    timeoutMs,
  });
  await writes.closedLoop(easyUnderWay, 2000);
  const rates: number[] = [];
  for (const underWay of fullUnderWay)
    rates.push(stored(await writes.closedLoop(underWay, fullMs)).count / (fullMs / 1000));
  const capacity = Math.max(...rates);
  const easy = stored(await writes.closedLoop(easyUnderWay, 2000));
  say(
    `capacity: ${capacity.toFixed(0)} writes/s of ${valueBytes} bytes (the most of ${rates.map(rate => rate.toFixed(0)).join(', ')} with ${fullUnderWay.join(', ')} under way)`,
  );
  say(`before: ${shown(easy)} with ${easyUnderWay} under way`);
  const answers = await writes.openLoop(capacity * Number(values.times), forMs);
  const { offered, byKind, unanswered } = answers;
  const served = Math.max(capacity, stored(answers).count / (forMs / 1000));
  say(`offered: ${offered}, ${(offered / (forMs / 1000) / served).toFixed(1)} times what is served at most`);
  for (const [kind, ms] of byKind) say(`${kind}: ${shown(latencies(ms))}`);
  say(`unanswered: ${unanswered}`);
  say(`as before ${(await recovery(writes, easy.p50Ms)).toFixed(0)} ms after the last answer`);
  await writes.close();
} finally {
  await undoAll();
}
process.exit(0);
