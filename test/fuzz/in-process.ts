// Fuzzes real nodes over the simulated bus, in virtual time: cheap, so that many messages are sent. Whatever is sent, nobody
// crashes or hangs, every request is answered, and what was written before is still there.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { SimCluster } from '../sim/cluster.js';
import { SimBus, SimProcess } from '../sim/network.js';
import { SeededRandom } from '../sim/random.js';
import { faultOfRecord } from './invalid-records.js';
import { type FuzzMessage, Messages } from './messages.js';
import { faultOf } from './oracle.js';

export interface FuzzResult {
  readonly sent: Readonly<Record<string, number>>;
  /** What went wrong; none is as it should be. */
  readonly faults: readonly string[];
  /** Messages that were counted as dropped or invalid, over all nodes. */
  readonly counted: number;
}

const nodes = ['n0', 'n1', 'n2'];
const keptBucket = 'kept';
const keptCount = 50;
const atOnce = 20;
/** Requests with the longest timeout that is drawn, and a replica that reads its log again, take less. */
const answerMs = 30_000;
const settleMs = 120_000;
const calmMs = 2000;
const faultsMax = 10;
/** More than nodes and clients need; a leak of one for each message passes it. */
const listenersMax = 600;
/** Of three nodes and a client that nobody asks anything, those counted that were cancelled. */
const scheduledMax = 300;

export async function fuzzInProcess(seed: number, count: number): Promise<FuzzResult> {
  const run = new Run(seed);
  await run.start();
  for (let left = count; left > 0 && run.faults.length < faultsMax; left -= atOnce)
    await run.send(Math.min(left, atOnce));
  await run.end();
  return { sent: run.sent, faults: run.faults, counted: run.counted };
}

class Run {
  readonly faults: string[] = [];
  readonly sent: Record<string, number> = {};
  private readonly cluster: SimCluster;
  private readonly messages: Messages;
  private readonly bus: SimBus;
  private readonly client: Coordinator;
  private readonly random: SeededRandom;

  constructor(private readonly seed: number) {
    this.random = new SeededRandom(seed);
    this.cluster = new SimCluster({
      seed,
      cluster: { nodes, buckets: { [keptBucket]: {} } },
      onLog: (node, level, fields, message) => {
        if (level === 'error' && message.includes('unexpectedly'))
          this.faults.push(`${node}: ${message}: ${JSON.stringify(fields, errorText)}`);
      },
    });
    const { clock, network } = this.cluster;
    this.messages = new Messages(this.random, {
      nodes,
      buckets: ['default', 'default', 'default', 'fuzz', 'none', '_buckets'],
      now: () => clock.skewed(() => 0).now(),
    });
    this.bus = new SimBus(new SimProcess(network, network.addSite('at-fuzzer')));
    this.client = this.cluster.client('c');
  }

  get counted(): number {
    return nodes.reduce((sum, node) => sum + (this.cluster.core(node)?.replica.invalidEntries ?? 0), 0);
  }

  async start(): Promise<void> {
    const { cluster, client } = this;
    await cluster.start();
    await cluster.clock.advance(1000);
    for (let i = 0; i < keptCount; i++)
      await cluster.clock.until(
        client.write(
          { kind: 'write', bucket: keptBucket, key: `${i}`, level: 'ALL', value: `kept ${i}` },
          5000,
        ),
      );
  }

  async send(count: number): Promise<void> {
    const { cluster } = this;
    const all = Array.from({ length: count }, () => this.messages.next());
    const begunAtMs = Date.now();
    await cluster.clock.until(Promise.all(all.map(message => this.one(message))), 2 * answerMs);
    const tookMs = Date.now() - begunAtMs;
    if (tookMs > 5000) this.faults.push(`${count} messages kept the process busy for ${tookMs} ms`);
    const { listeners } = cluster.network;
    if (listeners.size > listenersMax) this.faults.push(`${listeners.size} subscriptions`);
  }

  private async one(message: FuzzMessage): Promise<void> {
    const { subject, data, role, reply, answer } = message;
    this.sent[role] = (this.sent[role] ?? 0) + 1;
    if (reply !== undefined || role === 'presence') {
      this.bus.publish(subject, data, reply === undefined || reply === null ? {} : { reply });
      return;
    }
    try {
      const { data: answered } = await this.bus.request(subject, data, answerMs);
      const fault = answer === undefined ? undefined : faultOf(answer, answered);
      if (fault !== undefined) this.fault(message, fault);
    } catch (error) {
      this.fault(message, error instanceof Error ? error.message : String(error));
    }
  }

  private fault({ subject, data }: FuzzMessage, what: string): void {
    const shown = Buffer.from(data).toString('latin1').slice(0, 400);
    this.faults.push(`seed ${this.seed}: ${subject} ${JSON.stringify(shown)}: ${what}`);
  }

  /** All nodes serve, hold nothing invalid, and what was written is there. */
  async end(): Promise<void> {
    const { cluster, client } = this;
    const { clock } = cluster;
    try {
      await cluster.waitFor(
        () => nodes.every(node => cluster.stateOf(node) === 'serving'),
        'all nodes to serve',
        settleMs,
      );
      // Who counted as dead for a moment is heard again at its next heartbeat.
      await clock.advance(calmMs);
      for (let i = 0; i < keptCount; i++) {
        const { value } = await clock.until(
          client.read({ kind: 'read', bucket: keptBucket, key: `${i}`, level: 'ALL' }, 5000),
        );
        if (value !== `kept ${i}`) this.faults.push(`key ${i} is ${JSON.stringify(value)}`);
      }
      for (const node of nodes) {
        const body = JSON.stringify({ key: `after-${node}`, value: 'v', level: 'ALL' });
        const { data } = await clock.until(
          this.bus.request(`dynats.node.${node}.put`, Buffer.from(body), 5000),
        );
        if (!/"acked":3/.test(Buffer.from(data).toString()))
          this.faults.push(`${node} refuses a put: ${Buffer.from(data).toString()}`);
      }
    } catch (error) {
      this.faults.push(`in the end: ${error instanceof Error ? error.message : String(error)}`);
    }
    await clock.advance(answerMs);
    if (clock.scheduledCount > scheduledMax)
      this.faults.push(`${clock.scheduledCount} timers and messages are left when all is quiet`);
    for (const node of nodes)
      for (const record of cluster.core(node)?.replica.memtable.records() ?? []) {
        const fault = faultOfRecord(record);
        if (fault !== undefined)
          this.faults.push(`${node} holds ${fault}: ${JSON.stringify(record).slice(0, 300)}`);
      }
    if (Object.hasOwn(Object.prototype, 'polluted'))
      this.faults.push('the prototype of all objects was changed');
  }
}

function errorText(_: string, value: unknown): unknown {
  return value instanceof Error ? value.stack : value;
}
