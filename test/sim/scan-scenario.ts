// One run of scans among writes and faults: what a page shows is what quorum reads of its keys would have shown.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import type { Level } from '../../src/model/level.js';
import type { ScanReply } from '../../src/wire/generated/types.js';
import { checkScan } from '../../src/wire/scan.js';
import type { Operation } from './check/history.js';
import { quorumViolations } from './check/quorum.js';
import { parseVersion } from './check/version.js';
import { SimCluster } from './cluster.js';
import { DAMAGE, without } from './fault-table.js';
import { Nemesis } from './nemesis.js';
import { type Planned, planFaults } from './plan.js';
import { Reached } from './reached.js';
import { lineOf, type RunOptions, type RunResult } from './result.js';

export interface ScanLevels {
  readonly write: Level;
  readonly scan: Level;
}

const KEYS = Array.from({ length: 24 }, (_, i) => String(i * 11));
const TIMEOUT_MS = 1500;
const STEPS = 100;
/** By then the nodes have heard of each other again. */
const SETTLED_MS = 1000;
/** Disks that forget are the other scenarios'. */
const rates = without(DAMAGE);
/** Every key has two owners in each zone, or three in one of them. */
const twoZones = {
  nodes: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'],
  replicationFactor: 5,
  zones: { n0: 'a', n1: 'b', n2: 'a', n3: 'b', n4: 'a', n5: 'b' },
};

export function runScans(options: RunOptions, levels: ScanLevels): Promise<RunResult & { pages: number }> {
  return new Run(options, levels).go();
}

class Run {
  private readonly history: Operation[] = [];
  private pages = 0;
  private readonly cluster: SimCluster;
  private readonly nemesis: Nemesis;
  private readonly reached = new Reached();
  private readonly plan: readonly Planned[];
  private readonly clients: Coordinator[];
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    { seed, plan, onLog }: RunOptions,
    private readonly levels: ScanLevels,
  ) {
    const isZoned = levels.scan.includes('_');
    this.cluster = new SimCluster({
      seed,
      ...(isZoned ? { cluster: twoZones } : {}),
      onLog: (node, level, fields, message) =>
        onLog?.(lineOf(this.cluster.clock.monotonic(), node, level, message, fields)),
    });
    this.clients = ['c0', 'c1', 'c2'].map(name => this.cluster.client(name, isZoned ? 'a' : undefined));
    this.nemesis = new Nemesis(this.cluster, name => this.reached.count(name));
    const { definition } = this.cluster;
    this.plan = plan ?? planFaults({ seed, steps: STEPS, rates, cluster: definition, clients: 3 });
  }

  async go(): Promise<RunResult & { readonly pages: number }> {
    const { clock } = this.cluster;
    const random = this.cluster.random.fork();
    await this.cluster.start();
    await clock.advance(500);
    const startedAtMs = clock.monotonic();
    for (let step = 0; step < STEPS; step++) {
      this.nemesis.follow(this.plan, clock.monotonic() - startedAtMs);
      for (const client of this.clients) {
        if (random.chance(0.5)) this.start(() => this.write(client, random.pick(KEYS), random.chance(0.2)));
        const request = { limit: 1 + random.below(30), keysOnly: random.chance(0.5) };
        if (random.chance(0.3)) this.start(() => this.scan(client, request));
      }
      await clock.advance(50 * random.next());
    }
    await this.nemesis.heal();
    await clock.advance(SETTLED_MS);
    for (const client of this.clients) this.start(() => this.scan(client, { limit: 7, keysOnly: false }));
    await this.cluster.waitFor(() => this.underWay.size === 0, 'every request to be answered');
    this.reached.count('page of a scan', this.pages);
    const { history, plan, pages } = this;
    return { violations: quorumViolations(history), reached: this.reached.counts, plan, pages };
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
