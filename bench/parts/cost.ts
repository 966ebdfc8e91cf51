// Where the CPU time of an operation goes: client, bus servers, log brokers, replicas; and how many operations share an
// entry. Less troubled by what the machine does besides than a rate is.
import { Kind, type LoadSpec } from '../../src/cli/bench/load.js';
import { connect, Level, type Mode } from '../../src/index.js';
import { bucketOf, type DynatsCluster, startDynats } from '../clusters/dynats.js';
import type { Finding } from '../finding.js';
import { ClientProcess } from '../load/fleet.js';
import { cpuMicrosOf } from '../machine.js';
import type { Options } from '../options.js';
import { spread } from '../stats.js';

const valueBytes = 100;
const keys = 10_000;
const concurrencies = [1, 16, 64, 256, 1024];
const roles = ['bus', 'log', 'replica'] as const;
const name = 'load';

type Usage = Record<'client' | (typeof roles)[number] | 'entries' | 'rate' | 'p50', number>;

export async function measureCost(options: Options): Promise<Finding[]> {
  const client = new ClientProcess(options.profileDir);
  const cluster = await startDynats({ sync: 'always', valueBytes: [valueBytes] });
  const findings: Finding[] = [];
  const wanted = [...new Set(options.cells.map(({ concurrency }) => concurrency))];
  const kinds = [...new Set(options.cells.map(({ kind }) => kind))].filter(kind => kind !== Kind.Mixed);
  for (const mode of options.modes) {
    await client.connect(
      name,
      {
        side: 'dynats',
        urls: cluster.urls.slice(0, 1),
        mode,
        bucket: bucketOf(valueBytes),
        level: Level.Quorum,
      },
      valueBytes,
    );
    for (let i = 0; i < 4; i++) await client.fill(name, keys);
    for (const kind of kinds)
      for (const concurrency of concurrencies.filter(each => wanted.includes(each)))
        findings.push(...(await row(client, cluster, { kind, concurrency, mode }, options)));
    await client.close(name);
  }
  await client.stop();
  await cluster.stop();
  return findings;
}

async function row(
  client: ClientProcess,
  cluster: DynatsCluster,
  { kind, concurrency, mode }: Pick<LoadSpec, 'kind' | 'concurrency'> & { mode: Mode },
  { rounds, measureMs }: Options,
): Promise<Finding[]> {
  const usages: Usage[] = [];
  for (let round = 0; round < rounds; round++)
    usages.push(await usage(client, cluster, { kind, concurrency, measureMs }));
  const median = (of: keyof Usage) => spread(usages.map(each => each[of])).median;
  const id = `cost.${mode}.${kind}.${concurrency}`;
  const text = `${mode} ${kind} at ${concurrency}`;
  return [
    { id: `${id}.rate`, text: `${text}, operations`, value: median('rate'), unit: '/s' },
    { id: `${id}.p50`, text: `${text}, p50`, value: median('p50'), unit: 'ms' },
    ...(['client', ...roles] as const).map(role => ({
      id: `${id}.${role}`,
      text: `${text}, CPU time an operation: ${role}`,
      value: median(role),
      unit: 'us',
    })),
    ...(kind === Kind.Put
      ? [
          {
            id: `${id}.share`,
            text: `${text}, records that share a log entry`,
            value: 3 / median('entries'),
            unit: '',
          },
        ]
      : []),
  ];
}

async function usage(
  client: ClientProcess,
  cluster: DynatsCluster,
  { kind, concurrency, measureMs }: Pick<LoadSpec, 'kind' | 'concurrency' | 'measureMs'>,
): Promise<Usage> {
  const spent = () => roles.map(role => cpuMicrosOf(pidsOf(cluster, role)) ?? Number.NaN);
  const before = spent();
  const entriesBefore = await entries(cluster);
  const result = await client.run(name, {
    kind,
    concurrency,
    keys,
    distribution: 'uniform',
    warmupMs: 0,
    measureMs,
  });
  const after = spent();
  const each = (i: number) => ((after[i] ?? 0) - (before[i] ?? 0)) / result.count;
  return {
    rate: result.perSecond,
    p50: result.p50Ms,
    client: result.cpuMicros,
    bus: each(0),
    log: each(1),
    replica: each(2),
    entries: ((await entries(cluster)) - entriesBefore) / result.count,
  };
}

/** Of all logs, so far. */
async function entries({ urls }: DynatsCluster): Promise<number> {
  await using watcher = await connect({ servers: [...urls] });
  const { cluster } = await watcher.cluster();
  const all = await Promise.all(cluster.nodes.map(node => watcher.status(node)));
  return all.reduce((sum, { log }) => sum + log.lastSequence, 0);
}

function pidsOf({ emulator }: DynatsCluster, role: (typeof roles)[number]): number[] {
  return Object.values(emulator.report().nodes).flatMap(node => node[role].pid ?? []);
}
