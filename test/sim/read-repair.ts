// One simulated cluster in which writes fail after they reached one owner, and readers with different coordinators, some
// of whose repairs are refused, look at what is left of them.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { ErrorCode, WriteTimeoutError } from '../../src/errors.js';
import type { ErrorReply, GetReply } from '../../src/wire/generated/types.js';
import { subjects } from '../../src/wire/subjects.js';
import type { Operation, Violation } from './check/history.js';
import { quorumViolations } from './check/quorum.js';
import { isOlder, parseVersion, type SeenVersion, show } from './check/version.js';
import { SimCluster } from './cluster.js';
import { SimBus, SimProcess } from './network.js';
import { recordsOnDisk } from './records-on-disk.js';
import type { RunOptions, RunResult } from './result.js';

export interface ReadRepairResult {
  readonly violations: Violation[];
  /** Reads that returned what the failed write had left. */
  readonly foundFailed: number;
  /** Reads that found it on fewer owners than they needed, and made it so many before they answered. */
  readonly repaired: number;
  /** Reads that failed because a repair was not acked. */
  readonly timedOut: number;
}

/** Writes of one cluster, each of a key of its own. */
export const ROUNDS = 20;
const READERS = 2;
const READS = 3;
const TIMEOUT_MS = 150;
const DELAY_MS = 40;
const QUORUM = 2;

/** For the runner of all scenarios. */
export async function runReadRepairs({ seed }: RunOptions): Promise<RunResult> {
  const { violations, ...reached } = await runReadRepair(seed);
  return { violations, reached: { ...reached }, plan: [] };
}

export async function runReadRepair(seed: number): Promise<ReadRepairResult> {
  const run = new Run(seed);
  await run.start();
  for (let round = 0; round < ROUNDS; round++) await run.round(round);
  return run.result();
}

/** What the failed write had left when a read began, and how many logs held it. */
interface Before {
  readonly failed: SeenVersion | null;
  readonly holders: number;
}

class Run {
  private readonly cluster: SimCluster;
  private readonly client: Coordinator;
  private readonly bus: SimBus;
  private readonly history: Operation[] = [] as Operation[];
  private readonly undurable: Violation[] = [];
  private readonly counts = { foundFailed: 0, repaired: 0, timedOut: 0 };

  constructor(seed: number) {
    this.cluster = new SimCluster({ seed, cluster: { nodes: ['n0', 'n1', 'n2'] } });
    this.client = this.cluster.client('c');
    const { network } = this.cluster;
    this.bus = new SimBus(new SimProcess(network, network.addSite('at-reader')));
  }

  async start(): Promise<void> {
    await this.cluster.start();
    await this.cluster.clock.advance(400);
  }

  result(): ReadRepairResult {
    return { violations: [...quorumViolations(this.history), ...this.undurable], ...this.counts };
  }

  async round(round: number): Promise<void> {
    const { cluster, client } = this;
    const { random, clock, network } = cluster;
    const key = `${String.fromCharCode(random.below(256))}${round}`;
    const owners = client.rings.of('default').owners(key);
    if (random.chance(0.5)) {
      const base = client.write({ kind: 'write', bucket: 'default', key, level: 'ALL', value: 'base' }, 1000);
      await clock.until(base);
    }
    const lucky = random.pick(owners);
    await this.failToWrite(key, lucky);

    const refusing = random.chance(0.4) ? random.pick(owners) : undefined;
    if (refusing !== undefined) cluster.disk(refusing).refuse = () => true;
    network.faults = { loss: 0, delay: random.next() * 0.5, delayMs: DELAY_MS };
    const readers = Array.from({ length: READERS }, async () => {
      for (let i = 0; i < READS; i++) await this.read(key, owners, lucky);
    });
    await clock.until(Promise.all(readers));
    if (refusing !== undefined) cluster.disk(refusing).refuse = () => false;
    network.faults = { loss: 0, delay: 0, delayMs: 0 };
  }

  /** Only the log of `lucky` takes it, and no hint is kept. */
  private async failToWrite(key: string, lucky: string): Promise<void> {
    const { cluster, client } = this;
    for (const node of cluster.nodes) cluster.disk(node).refuse = () => node !== lucky;
    const write = client.write(
      { kind: 'write', bucket: 'default', key, level: 'QUORUM', value: 'failed' },
      TIMEOUT_MS,
    );
    const outcome = await cluster.clock.until(write.catch((error: unknown) => error));
    if (!(outcome instanceof WriteTimeoutError))
      throw new Error(`the write did not fail: ${String(outcome)}`);
    for (const node of cluster.nodes) cluster.disk(node).refuse = () => false;
  }

  private async read(key: string, owners: readonly string[], lucky: string): Promise<void> {
    const { clock, random } = this.cluster;
    const failed = this.newestIn(lucky, key);
    const before = { failed, holders: this.holdersOf(key, owners, failed) };
    const operation: Operation = {
      client: 'reader',
      kind: 'get',
      key,
      startedAtMs: clock.monotonic(),
      endedAtMs: Number.POSITIVE_INFINITY,
      outcome: 'refused',
      version: null,
    };
    this.history.push(operation);
    const reply = await this.ask(random.pick(this.cluster.nodes), key);
    if ('error' in reply) {
      if (reply.error.code === ErrorCode.ReadTimeout) this.counts.timedOut++;
    } else {
      operation.outcome = 'ok';
      operation.version = reply.version === undefined ? null : parseVersion(reply.version, !reply.found);
      this.check(operation, owners, before);
    }
    operation.endedAtMs = clock.monotonic();
  }

  /** Over the bus, as everybody has to: what is on its way to a node before a request has arrived there before it. */
  private async ask(node: string, key: string): Promise<GetReply | ErrorReply> {
    const request = Buffer.from(JSON.stringify({ key, level: 'QUORUM', timeoutMs: TIMEOUT_MS }));
    const { data } = await this.bus.request(subjects.node(node, 'get'), request, 10 * TIMEOUT_MS);
    return JSON.parse(Buffer.from(data).toString()) as GetReply | ErrorReply;
  }

  /** Whoever is told a version can rely on it: a quorum of logs has it. */
  private check({ key, version }: Operation, owners: readonly string[], before: Before): void {
    if (version === null) return;
    const holders = this.holdersOf(key, owners, version);
    if (holders < QUORUM)
      this.undurable.push({
        rule: 'a quorum read answers only what a quorum of logs holds',
        what: `key ${key}: ${show(version)} was answered, and ${holders} logs hold it`,
      });
    if (isOlder(version, before.failed)) return;
    this.counts.foundFailed++;
    if (before.holders < QUORUM) this.counts.repaired++;
  }

  private holdersOf(key: string, owners: readonly string[], version: SeenVersion | null): number {
    return owners.filter(owner => !isOlder(this.newestIn(owner, key), version)).length;
  }

  /** The newest version of `key` that the disk of `node` holds. */
  private newestIn(node: string, key: string): SeenVersion | null {
    return recordsOnDisk(this.cluster.disk(node)).get(key) ?? null;
  }
}
