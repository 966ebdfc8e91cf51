// How near Dynats comes to what the brokers and a client process can do at most: the same batches echoed, the same log entries
// published raw. By turns with Dynats itself, on the same brokers.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { Kind } from '../../src/cli/bench/load.js';
import type { Emulator } from '../../src/emulator/emulator.js';
import { Level, Mode } from '../../src/index.js';
import { openConnection } from '../../src/nats/connection.js';
import { undoAtEnd } from '../clean-up.js';
import { bucketOf, startDynats } from '../clusters/dynats.js';
import type { Finding } from '../finding.js';
import { ClientProcess } from '../load/fleet.js';
import { echoSubject, rawSubject } from '../load/limit-stores.js';
import type { Options } from '../options.js';
import { spread } from '../stats.js';

const echoFile = fileURLToPath(new URL('../load/echo.js', import.meta.url));
const valueBytes = 100;
const keys = 10_000;

export async function measureLimits(options: Options): Promise<Finding[]> {
  const cluster = await startDynats({ sync: 'always', valueBytes: [valueBytes] });
  const echoes = await Promise.all(cluster.emulator.nodes.map(node => startEcho(cluster.emulator, node)));
  for (const node of cluster.emulator.nodes) await makeRawStream(cluster.emulator, node);
  const client = new ClientProcess(options.profileDir);
  const urls = [cluster.urls[0] ?? ''];
  const bucket = bucketOf(valueBytes);
  const { nodes } = cluster.emulator;
  const dynats = { side: 'dynats', urls, mode: Mode.Direct, bucket } as const;
  await client.connect('get ONE', { ...dynats, level: Level.One }, valueBytes);
  await client.connect('put QUORUM', { ...dynats, level: Level.Quorum }, valueBytes);
  await client.connect('echo', { side: 'echo', urls, nodes, bucket }, valueBytes);
  await client.connect('raw', { side: 'raw', urls, nodes, bucket }, valueBytes);
  await client.fill('put QUORUM', keys);
  const findings: Finding[] = [];
  for (const concurrency of options.isShort ? [1024] : [64, 1024]) {
    const rates = async (kind: Kind, names: readonly [string, string]) => {
      const found: [number[], number[]] = [[], []];
      for (let round = 0; round < options.rounds; round++)
        for (const i of [0, 1] as const) {
          const { warmupMs, measureMs } = options;
          const spec = { kind, concurrency, keys, distribution: 'uniform', warmupMs, measureMs } as const;
          found[i].push((await client.run(names[i], spec)).perSecond);
        }
      return [spread(found[0]).median, spread(found[1]).median] as const;
    };
    const [got, echoed] = await rates(Kind.Get, ['get ONE', 'echo']);
    const [put, published] = await rates(Kind.Put, ['put QUORUM', 'raw']);
    const at = `at ${concurrency}`;
    findings.push(
      { id: `echo.${concurrency}`, text: `echo of the batches of get ONE ${at}`, value: echoed, unit: '/s' },
      {
        id: `echo.share.${concurrency}`,
        text: `get ONE, share of the echo ${at}`,
        value: got / echoed,
        unit: 'x',
      },
      {
        id: `raw.${concurrency}`,
        text: `raw publishes of the entries of put ${at}`,
        value: published,
        unit: '/s',
      },
      {
        id: `raw.share.${concurrency}`,
        text: `put QUORUM, share of raw ${at}`,
        value: put / published,
        unit: 'x',
      },
    );
  }
  await client.stop();
  for (const stop of echoes) await stop();
  await cluster.stop();
  return findings;
}

async function startEcho(emulator: Emulator, node: string): Promise<() => Promise<void>> {
  const args = [emulator.logUrl(node), echoSubject(node), String(valueBytes)];
  const child = fork(echoFile, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const stop = undoAtEnd(async () => {
    if (child.connected) child.disconnect();
    await ended;
  });
  const ready = once(child, 'message');
  const failed = ended.then(() => {
    throw new Error(`the echo of ${node} ended; its output is above`);
  });
  failed.catch(() => undefined);
  await Promise.race([ready, failed]);
  return stop;
}

/** As a log stream is, but for the republishing. */
async function makeRawStream(emulator: Emulator, node: string): Promise<void> {
  const connection = await openConnection({
    servers: [emulator.logUrl(node)],
    name: 'bench',
    timeoutMs: 10_000,
  });
  try {
    await (await jetstreamManager(connection)).streams.add({
      name: `RAW_${node}`,
      subjects: [rawSubject(node)],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: 1,
    });
  } finally {
    await connection.close();
  }
}
