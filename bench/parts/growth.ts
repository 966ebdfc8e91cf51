// What an operation costs in a store of many keys, over what it costs in one of 10,000: two clusters, by turns.
import { Kind } from '../../src/cli/bench/load.js';
import { Level, Mode } from '../../src/index.js';
import { bucketOf, type DynatsCluster, startDynats } from '../clusters/dynats.js';
import type { Finding } from '../finding.js';
import { ClientProcess } from '../load/fleet.js';
import { cpuMicrosOf } from '../machine.js';
import type { Options } from '../options.js';
import { spread } from '../stats.js';

const valueBytes = 100;
const fewKeys = 10_000;
const warmWrites = 150_000;
/** The log of few keys would be compacted again and again, that of many never. */
const compaction = { minBytes: 2 ** 40, ratio: 2 };
const concurrency = 64;
const warmupMs = 1000;
const name = 'load';

interface Store {
  keys: number;
  cluster: DynatsCluster;
}

export async function measureGrowth(options: Options): Promise<Finding[]> {
  const client = new ClientProcess(options.profileDir);
  const stores: Store[] = [];
  for (const keys of [fewKeys, options.records]) {
    const cluster = await startDynats({
      sync: 'always',
      valueBytes: [valueBytes],
      replica: { compaction },
    });
    await connect(client, cluster);
    // So many writes at least, that compiled code is compared with compiled code.
    for (let written = 0; written < warmWrites; written += keys) await client.fill(name, keys);
    await client.close(name);
    cluster.freeze();
    stores.push({ keys, cluster });
  }
  const findings: Finding[] = [];
  for (const kind of [Kind.Put, Kind.Get]) {
    const [few, many] = await byTurns(client, stores, kind, options);
    const of = `${kind} at ${concurrency}, ${options.records} keys over ${fewKeys}`;
    findings.push(
      { id: `growth.${kind}.time`, text: `${of}: time an operation`, value: few.rate / many.rate, unit: 'x' },
      {
        id: `growth.${kind}.cpu`,
        text: `${of}: CPU time an operation`,
        value: many.cpu / few.cpu,
        unit: 'x',
      },
    );
  }
  await client.stop();
  for (const { cluster } of stores) await cluster.stop();
  return findings;
}

interface Cost {
  rate: number;
  cpu: number;
}

async function byTurns(
  client: ClientProcess,
  stores: readonly Store[],
  kind: Kind,
  { rounds, measureMs }: Options,
): Promise<readonly [Cost, Cost]> {
  const rates: number[][] = stores.map(() => []);
  const costs: number[][] = stores.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const turn of stores.keys()) {
      // Each is first in turn.
      const i = (turn + round) % stores.length;
      const store = stores[i];
      if (store === undefined) continue;
      const { keys, cluster } = store;
      await cluster.thaw();
      await connect(client, cluster);
      const before = cpuMicrosOf(cluster.pids()) ?? Number.NaN;
      const result = await client.run(name, {
        kind,
        concurrency,
        keys,
        distribution: 'uniform',
        warmupMs,
        measureMs,
      });
      const serverMicros = (cpuMicrosOf(cluster.pids()) ?? Number.NaN) - before;
      const operations = result.count * (1 + warmupMs / measureMs);
      rates[i]?.push(result.perSecond);
      costs[i]?.push(result.cpuMicros + serverMicros / operations);
      await client.close(name);
      cluster.freeze();
    }
  const cost = (i: number): Cost => ({
    rate: spread(rates[i] ?? []).median,
    cpu: spread(costs[i] ?? []).median,
  });
  return [cost(0), cost(1)];
}

function connect(client: ClientProcess, { urls }: DynatsCluster): Promise<unknown> {
  const bucket = bucketOf(valueBytes);
  const [url = ''] = urls;
  return client.connect(
    name,
    { side: 'dynats', urls: [url], mode: Mode.Direct, bucket, level: Level.Quorum },
    valueBytes,
  );
}
