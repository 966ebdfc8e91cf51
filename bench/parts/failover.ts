// How long nothing succeeds when a node is killed (kill -9) under load: Dynats and JetStream KV, 16 clients on surviving servers
// and 16 on the server that dies with its node.
import { setTimeout as sleep } from 'node:timers/promises';
import { Kind, type LoadResult } from '../../src/cli/bench/load.js';
import { Level, Mode } from '../../src/index.js';
import { bucketOf, startDynats } from '../clusters/dynats.js';
import { startJetStream } from '../clusters/jetstream.js';
import type { Finding } from '../finding.js';
import { ClientProcess } from '../load/fleet.js';
import type { Target } from '../load/orders.js';
import type { Options } from '../options.js';

const clients = 16;
const valueBytes = 100;
const keys = 1000;
const bucket = bucketOf(valueBytes);
/** 32 clients that have just begun compile what they run: their pauses would be taken for the fault's. */
const warmupMs = 2000;
const killAfterMs = warmupMs + 1000;
/** Beyond the longest stall to be expected. */
const dynatsLoadMs = 4000;
const kvLoadMs = { full: 12_000, short: 9000 } as const;

export async function measureFailover(options: Options): Promise<Finding[]> {
  const modes = options.isShort ? [Mode.Direct] : [Mode.Direct, Mode.Api];
  const nodes = options.isShort ? ['n2'] : ['n0', 'n1', 'n2', 'n3'];
  const findings: Finding[] = [];
  for (const mode of modes) findings.push(...(await killDynats(mode, nodes)));
  return [...findings, ...(await killKv(kvLoadMs[options.isShort ? 'short' : 'full']))];
}

/** Kills each of the nodes in turn; what is reported is the worst of them. */
async function killDynats(mode: Mode, nodes: readonly string[]): Promise<Finding[]> {
  const cluster = await startDynats({ sync: 'always', valueBytes: [valueBytes] });
  const { emulator, urls } = cluster;
  const runs: Run[] = [];
  for (const node of nodes) {
    const target = (servers: readonly string[]): Target => ({
      side: 'dynats',
      urls: servers,
      mode,
      bucket,
      level: Level.Quorum,
    });
    const server = emulator.nodes.indexOf(node);
    runs.push(
      await underLoad({ target, urls, server, loadMs: dynatsLoadMs, kill: () => emulator.kill(node) }),
    );
    if (node !== nodes.at(-1)) await emulator.restart(node);
  }
  await cluster.stop();
  return findingsOf(`dynats.${mode}`, `Dynats ${mode}, ${nodes.join(', ')} killed`, runs);
}

/** Kills the server that leads the bucket: any other is not missed by KV. */
async function killKv(loadMs: number): Promise<Finding[]> {
  const cluster = await startJetStream({ sync: 'always', buckets: [bucket] });
  const server = await cluster.leader(bucket);
  const target = (urls: readonly string[]): Target => ({ side: 'kv', urls, bucket });
  const kill = () => cluster.kill(server);
  const run = await underLoad({ target, urls: cluster.urls, server, loadMs, kill });
  await cluster.stop();
  return findingsOf('kv', 'KV R3, its leader killed', [run]);
}

interface Run {
  surviving: LoadResult;
  killed: LoadResult;
  /** In milliseconds since the epoch. */
  killedAt: number;
}

async function underLoad(options: {
  target: (urls: readonly string[]) => Target;
  urls: readonly string[];
  /** Index of the server that dies. */
  server: number;
  loadMs: number;
  kill: () => Promise<unknown>;
}): Promise<Run> {
  const { target, urls, server, loadMs, kill } = options;
  const dying = urls[server] ?? '';
  const others = [...urls.slice(server + 1), ...urls.slice(0, server)];
  const [surviving, killed] = [new ClientProcess(), new ClientProcess()];
  await surviving.connect('load', target(others), valueBytes, clients);
  await killed.connect('load', target([dying, ...others]), valueBytes, clients);
  await surviving.fill('load', keys, 64);
  const spec = {
    kind: Kind.Put,
    concurrency: clients,
    keys,
    distribution: 'uniform',
    warmupMs,
    measureMs: loadMs,
  } as const;
  const results = Promise.all([surviving.run('load', spec), killed.run('load', spec)]);
  results.catch(() => undefined);
  await sleep(killAfterMs);
  const killedAt = performance.timeOrigin + performance.now();
  await kill();
  const [there, gone] = await results;
  await surviving.stop();
  await killed.stop();
  return { surviving: there, killed: gone, killedAt };
}

function findingsOf(id: string, text: string, runs: readonly Run[]): Finding[] {
  return (['surviving', 'killed'] as const).flatMap(where => {
    const results = runs.map(run => run[where]);
    const what = `${text}, ${clients} clients on ${where === 'killed' ? 'its server' : 'other servers'}`;
    const failed = results.reduce((sum, result) => sum + result.failed, 0);
    for (const problem of new Set(results.flatMap(({ problems }) => problems)))
      console.log(`  ${what}: ${problem}`);
    return [
      {
        id: `failover.${id}.${where}.gap`,
        text: `${what}: longest time without a success from the kill on`,
        value: longestGap(runs, where, (endedAt, killedAt) => endedAt >= killedAt),
        unit: 'ms',
      },
      {
        // What the machine and the load make of it without any fault.
        id: `failover.${id}.${where}.before`,
        text: `${what}: the same before the kill`,
        value: longestGap(runs, where, (endedAt, killedAt) => endedAt < killedAt),
        unit: 'ms',
      },
      {
        id: `failover.${id}.${where}.slowest`,
        text: `${what}: slowest call`,
        value: Math.max(...results.map(({ maxMs }) => maxMs)),
        unit: 'ms',
      },
      { id: `failover.${id}.${where}.failed`, text: `${what}: failed calls`, value: failed, unit: '' },
    ];
  });
}

function longestGap(
  runs: readonly Run[],
  where: 'surviving' | 'killed',
  counts: (endedAt: number, killedAt: number) => boolean,
): number {
  const gaps = runs.flatMap(run => run[where].gaps.filter(({ endedAt }) => counts(endedAt, run.killedAt)));
  return Math.max(0, ...gaps.map(({ ms }) => ms));
}
