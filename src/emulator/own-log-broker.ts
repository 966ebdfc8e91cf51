// The log broker of a node that runs on its own (`dynats node` with `log.storeDir`): started, watched and stopped with it.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { seedIn as findSeed } from '../nats/seed.js';
import type { NodeConfig } from '../wire/generated/types.js';
import { ensureBinary } from './binaries/ensure-binary.js';
import { type LeafCredentials, logBrokerConfig } from './broker-config.js';
import { brokerListens, startBroker } from './broker-process.js';
import type { Child } from './child.js';
import { DataDirLock } from './data-dir-lock.js';
import { failed, messageOf, usage } from './emulator-error.js';
import { endLeftovers } from './leftovers.js';
import { urlOf } from './plan.js';
import type { RecordedProcess } from './state-file.js';
import { StuckBrokers } from './stuck-brokers.js';

export type OwnLogSettings = Extract<NodeConfig['log'], { storeDir: string }>;

const stopGraceMs = 5000;

export class OwnLogBroker {
  /** Resolves to why when the broker ends by itself, or is of no use any more: whoever starts the node starts it again. */
  readonly died: Promise<string>;
  private readonly stuck: StuckBrokers;

  private constructor(
    /** URL for the replica beside it. */
    readonly url: string,
    private readonly child: Child,
    private readonly lock: DataDirLock,
    private readonly node: string,
    dir: string,
  ) {
    let giveUp: (why: string) => void = () => undefined;
    this.died = new Promise(resolve => {
      giveUp = resolve;
      void child.exited.then(() => child.ending || resolve(child.whyEnded()));
    });
    this.stuck = new StuckBrokers({
      storeOf: () => dir,
      restart: async () => giveUp('it runs, and was of no use to the replica: start the node again'),
      onProgress: undefined,
    });
    process.once('exit', () => child.killNow());
  }

  /** @throws EmulatorError when the node runs already or the broker does not start. */
  static async start(
    { node, credentials = {} }: NodeConfig,
    log: OwnLogSettings,
    onProgress: (line: string) => void,
  ): Promise<OwnLogBroker> {
    const dir = path.resolve(log.storeDir);
    const lock = takeLock(dir, node);
    let child: Child | undefined;
    try {
      const { path: binary } = await ensureBinary('nats-server', { onProgress });
      const pidFile = path.join(dir, 'broker.json');
      await endLeftovers(recordIn(pidFile));
      const spec = {
        title: `the log broker of ${node}`,
        binary,
        dir,
        configFile: path.join(dir, 'log.conf'),
        config: logBrokerConfig({
          name: `log-${node}`,
          listen: log.listen ?? '127.0.0.1',
          port: log.port,
          store: dir,
          domain: node,
          sync: log.sync ?? 'always',
          portsDir: dir,
          bus: log.bus.map(url => withUser(url, credentials)),
          credentials: leafCredentials(credentials),
          ...(log.maxPayload === undefined ? {} : { maxPayload: log.maxPayload }),
        }),
        logFile: path.join(dir, 'log.log'),
      };
      child = startBroker(spec);
      const record = { pid: child.pid, config: spec.configFile };
      writeFileSync(pidFile, JSON.stringify(record), { mode: 0o600 });
      await brokerListens(child, spec);
      return new OwnLogBroker(replicaUrl(log), child, lock, node, dir);
    } catch (error) {
      await child?.kill();
      lock.release();
      throw error;
    }
  }

  /** What the replica says of it. */
  heard(trouble: string | undefined): void {
    this.stuck.heard(this.node, trouble);
  }

  async stop(): Promise<void> {
    this.stuck.close();
    await this.child.stop(stopGraceMs);
    this.lock.release();
  }
}

function takeLock(dir: string, node: string): DataDirLock {
  let lock: ReturnType<typeof DataDirLock.acquire>;
  try {
    lock = DataDirLock.acquire(dir);
  } catch (error) {
    throw failed(`cannot use log.storeDir ${dir}: ${messageOf(error)}`, error);
  }
  if (lock instanceof DataDirLock) return lock;
  throw usage(`${node} is already running on ${dir}, pid ${lock.ownedBy}: stop that process first`);
}

function recordIn(file: string): RecordedProcess[] {
  try {
    const { pid, config } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown; config?: unknown };
    return typeof pid === 'number' && pid > 0 && typeof config === 'string' && config !== ''
      ? [{ pid, config }]
      : [];
  } catch {
    return []; // The first start here, or a file torn by a crash.
  }
}

/** The replica is on the same host: an address that listens on all interfaces is reached on the loopback. */
function replicaUrl({ listen = '127.0.0.1', port }: OwnLogSettings): string {
  if (listen === '0.0.0.0' || listen === '::' || listen === '[::]') return urlOf(port);
  return `nats://${listen}:${port}`;
}

/** nats-server takes a user, password or token of a leaf connection from its URL only. */
function withUser(url: string, { user, password, token }: NonNullable<NodeConfig['credentials']>): string {
  const userInfo =
    user === undefined
      ? token && encodeURIComponent(token)
      : [user, password ?? ''].map(encodeURIComponent).join(':');
  if (!userInfo || url.includes('@')) return url;
  return url.includes('://') ? url.replace('://', `://${userInfo}@`) : `nats-leaf://${userInfo}@${url}`;
}

function leafCredentials({
  creds,
  nkey,
  tlsCa,
  tlsCert,
  tlsKey,
}: NonNullable<NodeConfig['credentials']>): LeafCredentials {
  return {
    ...(creds === undefined ? {} : { creds: path.resolve(creds) }),
    ...(nkey === undefined ? {} : { nkeySeed: seedIn(nkey) }),
    ...(tlsCa === undefined ? {} : { tlsCa: path.resolve(tlsCa) }),
    ...(tlsCert === undefined ? {} : { tlsCert: path.resolve(tlsCert) }),
    ...(tlsKey === undefined ? {} : { tlsKey: path.resolve(tlsKey) }),
  };
}

function seedIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw usage(`credentials.nkey: cannot read ${file}: ${messageOf(error)}`);
  }
  const seed = findSeed(text);
  if (seed === undefined)
    throw usage(`credentials.nkey: ${file} holds no nkey seed (a line that starts with SU)`);
  return seed;
}
