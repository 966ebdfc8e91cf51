// The other side: a JetStream cluster of four servers of the same binary, with KV buckets of three replicas.
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { freePorts } from '../../src/chaos/free-ports.js';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import { brokerListens, startBroker } from '../../src/emulator/broker-process.js';
import type { Child } from '../../src/emulator/child.js';
import type { SyncMode } from '../../src/emulator/options.js';
import { waitUntil } from '../../src/emulator/wait-until.js';
import { openConnection } from '../../src/nats/connection.js';
import { tempDir, undoAtEnd } from '../clean-up.js';

const serversDefault = 4;
const replicas = 3;
const electionLimitMs = 30_000;
const stopGraceMs = 5000;

export interface JetStreamCluster {
  readonly urls: readonly string[];
  /** Which server leads a bucket. */
  leader(bucket: string): Promise<number>;
  /** SIGKILL. */
  kill(server: number): Promise<void>;
  /** Starts one that was killed; resolves when it listens. */
  restart(server: number): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(server: number): void;
  resume(server: number): void;
  /** Directory of a server's store. */
  store(server: number): string;
  pids(): number[];
  stop(): Promise<void>;
}

export async function startJetStream(options: {
  sync: SyncMode;
  buckets: readonly string[];
  /** Default 4. */
  servers?: number;
  /** Directory of a server's store; default in a temporary directory. */
  storeOf?: (server: number) => string;
}): Promise<JetStreamCluster> {
  const { servers = serversDefault, storeOf } = options;
  const binary = (await ensureBinary('nats-server')).path;
  const dir = await tempDir();
  const port = await freePorts(2 * servers);
  const urls = Array.from({ length: servers }, (_, i) => `nats://127.0.0.1:${port + i}`);
  const specs = urls.map((_, server) => {
    const own = path.join(dir, `js${server}`);
    mkdirSync(own);
    const store = storeOf?.(server) ?? path.join(own, 'store');
    const config = configOf({ server, servers, port, dir: own, store, sync: options.sync });
    const files = { configFile: path.join(own, 'server.conf'), logFile: path.join(own, 'server.log') };
    return { title: `JetStream server ${server}`, binary, dir: own, config, ...files };
  });
  const children: Child[] = [];
  const killNow = () => {
    for (const child of children) child.killNow();
  };
  process.once('exit', killNow);
  const stop = undoAtEnd(async () => {
    await Promise.all(children.map(child => child.stop(stopGraceMs)));
    process.off('exit', killNow);
    await rm(dir, { recursive: true, force: true });
  });
  for (const spec of specs) children.push(startBroker(spec));
  await Promise.all(children.map((child, i) => listens(child, specs[i])));
  await createBuckets(urls, options.buckets);
  return {
    urls,
    leader: bucket => withConnection(urls, connection => leaderOf(connection, bucket)),
    kill: async server => {
      await children[server]?.kill();
    },
    restart: async server => {
      const spec = specs[server];
      if (spec === undefined || children[server]?.running === true) return;
      const child = startBroker(spec);
      children[server] = child;
      await brokerListens(child, spec);
    },
    pause: server => children[server]?.pause(),
    resume: server => children[server]?.resume(),
    store: server => storeOf?.(server) ?? path.join(dir, `js${server}`, 'store'),
    pids: () => children.flatMap(child => (child.running ? (child.pid ?? []) : [])),
    stop,
  };
}

async function listens(child: Child, spec: Parameters<typeof brokerListens>[1] | undefined): Promise<void> {
  if (spec !== undefined) await brokerListens(child, spec);
}

function configOf(settings: {
  server: number;
  servers: number;
  port: number;
  dir: string;
  store: string;
  sync: SyncMode;
}): string {
  const { server, servers, port, dir, store, sync } = settings;
  const routes = Array.from({ length: servers }, (_, i) => `"nats://127.0.0.1:${port + servers + i}"`);
  return [
    `server_name: "js${server}"`,
    `listen: "127.0.0.1:${port + server}"`,
    `ports_file_dir: ${JSON.stringify(dir)}`,
    'jetstream {',
    `  store_dir: ${JSON.stringify(store)}`,
    ...(sync === 'always' ? ['  sync_interval: always'] : []),
    '}',
    `cluster { name: "bench", listen: "127.0.0.1:${port + servers + server}", routes: [${routes.join(', ')}] }`,
    '',
  ].join('\n');
}

/** Creates the buckets, as soon as the cluster has elected a leader to do it. */
async function createBuckets(urls: readonly string[], buckets: readonly string[]): Promise<void> {
  await withConnection(urls, async connection => {
    for (const bucket of buckets) {
      let failure: unknown;
      const isThere = await waitUntil(
        async () => {
          try {
            const kv = await new Kvm(connection).create(bucket, { replicas });
            await kv.put('probe', 'x');
            await kv.purge('probe');
            return true;
          } catch (error) {
            failure = error;
            return false;
          }
        },
        { limitMs: electionLimitMs, everyMs: 100 },
      );
      if (!isThere) throw new Error(`the JetStream cluster makes no bucket: ${String(failure)}`);
    }
  });
}

async function leaderOf(connection: NatsConnection, bucket: string): Promise<number> {
  const info = await (await jetstreamManager(connection)).streams.info(`KV_${bucket}`);
  return Number(info.cluster?.leader?.slice('js'.length) ?? 0);
}

async function withConnection<T>(
  urls: readonly string[],
  use: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const connection = await openConnection({ servers: urls, name: 'bench', timeoutMs: 10_000 });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}
