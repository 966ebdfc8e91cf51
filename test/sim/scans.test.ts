// Scans in simulated runs: what a page shows is what quorum reads of its keys would have shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import type { Level } from '../../src/model/level.js';
import type { ScanReply } from '../../src/wire/generated/types.js';
import { checkScan } from '../../src/wire/scan.js';
import type { Operation } from './check/history.js';
import { quorumViolations } from './check/quorum.js';
import { parseVersion } from './check/version.js';
import { SimCluster } from './cluster.js';
import { Faults } from './faults.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 10);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);
const KEYS = Array.from({ length: 24 }, (_, i) => String(i * 11));
const TIMEOUT_MS = 1500;
/** Every key has two owners in each zone, or three in one of them. */
const twoZones = {
  nodes: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'],
  replicationFactor: 5,
  zones: { n0: 'a', n1: 'b', n2: 'a', n3: 'b', n4: 'a', n5: 'b' },
};

class Run {
  readonly history: Operation[] = [];
  pages = 0;
  private readonly cluster: SimCluster;
  private readonly clients: Coordinator[];
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    seed: number,
    private readonly levels: { readonly write: Level; readonly scan: Level },
  ) {
    const isZoned = levels.scan.includes('_');
    this.cluster = new SimCluster(isZoned ? { seed, cluster: twoZones } : { seed });
    this.clients = ['c0', 'c1', 'c2'].map(name => this.cluster.client(name, isZoned ? 'a' : undefined));
  }

  async go(): Promise<void> {
    const { clock } = this.cluster;
    const random = this.cluster.random.fork();
    const faults = new Faults(this.cluster, this.cluster.random.fork());
    await this.cluster.start();
    await clock.advance(500);
    for (let step = 0; step < 100; step++) {
      faults.inject();
      for (const client of this.clients) {
        if (random.chance(0.5)) this.start(() => this.write(client, random.pick(KEYS), random.chance(0.2)));
        const request = { limit: 1 + random.below(30), keysOnly: random.chance(0.5) };
        if (random.chance(0.3)) this.start(() => this.scan(client, request));
      }
      await clock.advance(60 * random.next());
    }
    await faults.heal();
    for (const client of this.clients) this.start(() => this.scan(client, { limit: 7, keysOnly: false }));
    await this.cluster.waitFor(() => this.underWay.size === 0, 'every request to be answered');
  }

  private start(work: () => Promise<void>): void {
    const tracked: Promise<void> = work().then(() => void this.underWay.delete(tracked));
    this.underWay.add(tracked);
  }

  private async write(client: Coordinator, key: string, isDelete: boolean): Promise<void> {
    const operation = this.begin(key, isDelete ? 'delete' : 'put');
    const value = isDelete ? {} : { value: String(this.history.length) };
    try {
      const reply = await client.write(
        { kind: 'write', bucket: 'default', key, level: this.levels.write, ...value },
        TIMEOUT_MS,
      );
      this.end(operation, reply.version, isDelete);
    } catch (error) {
      if (!(error instanceof DynatsError)) throw error;
    }
  }

  /** A whole scan. Each page is a read of every key between the end of the page before and its own. */
  private async scan(client: Coordinator, request: { limit: number; keysOnly: boolean }): Promise<void> {
    const inOrder = KEYS.toSorted();
    let next: string | undefined;
    do {
      const operations = inOrder.map(key => this.begin(key, 'get'));
      const from = next === undefined ? {} : { next };
      let page: ScanReply;
      try {
        page = await client.scan(
          checkScan({ ...request, level: this.levels.scan, deleted: true, ...from }),
          TIMEOUT_MS,
        );
      } catch (error) {
        if (!(error instanceof DynatsError)) throw error;
        return;
      }
      this.pages++;
      const after = next === undefined ? '' : keyOf(next);
      next = page.next;
      for (const operation of operations) {
        const { key } = operation;
        if (key <= after || (next !== undefined && key > keyOf(next))) continue;
        const record = page.records.find(each => each.key === key);
        this.end(operation, record?.version, record?.deleted === true);
      }
    } while (next !== undefined);
  }

  private begin(key: string, kind: Operation['kind']): Operation {
    const operation: Operation = {
      client: '',
      kind,
      key,
      startedAtMs: this.cluster.clock.monotonic(),
      endedAtMs: Number.POSITIVE_INFINITY,
      outcome: 'unknown',
      version: null,
    };
    this.history.push(operation);
    return operation;
  }

  private end(operation: Operation, version: string | undefined, isDeleted: boolean): void {
    operation.outcome = 'ok';
    operation.endedAtMs = this.cluster.clock.monotonic();
    operation.version = version === undefined ? null : parseVersion(version, isDeleted);
  }
}

const keyOf = (next: string) => Buffer.from(next, 'base64url').toString();

async function runAll(levels: { write: Level; scan: Level }): Promise<void> {
  let pages = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const run = new Run(seed, levels);
    await run.go();
    pages += run.pages;
    const replay = `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`;
    assert.deepEqual(quorumViolations(run.history), [], replay);
  }
  assert.ok(pages > 20 * SEEDS, `only ${pages} pages were answered`);
}

test('no quorum scan shows less than was acknowledged, or shown, before it began', () =>
  runAll({ write: 'QUORUM', scan: 'QUORUM' }));

test('nor does a scan of one zone at LOCAL_QUORUM, after writes there or at EACH_QUORUM', async () => {
  await runAll({ write: 'LOCAL_QUORUM', scan: 'LOCAL_QUORUM' });
  await runAll({ write: 'EACH_QUORUM', scan: 'LOCAL_QUORUM' });
});

/** A cluster with one key, and how long a scan of it takes when `strike` has just hit n1. */
async function scanMs(strike: (cluster: SimCluster) => void): Promise<number> {
  const cluster = new SimCluster({ seed: 1 });
  const client = cluster.client('c');
  await cluster.start();
  await cluster.clock.advance(500);
  const write = { kind: 'write', bucket: 'default', key: '7', level: 'ALL', value: 'v' } as const;
  await cluster.clock.until(client.write(write, TIMEOUT_MS));
  strike(cluster);
  // The brokers know who is gone, the client does not.
  await cluster.clock.advance(5);
  const startedAtMs = cluster.clock.monotonic();
  // Each is asked first in one of these.
  const scans = cluster.nodes.map(() => client.scan(checkScan({}), TIMEOUT_MS));
  for (const { records } of await cluster.clock.until(Promise.all(scans))) assert.equal(records.length, 1);
  return cluster.clock.monotonic() - startedAtMs;
}

test('a scan that meets a node that hangs asks others after 100 ms', async () => {
  const ms = await scanMs(cluster => cluster.pause('n1'));
  assert.ok(ms >= 100 && ms < 150, `${ms} ms`);
});

test('a scan that meets a node whose replica is gone asks others at once', async () => {
  const ms = await scanMs(cluster => cluster.killReplica('n1'));
  assert.ok(ms < 50, `${ms} ms`);
});
