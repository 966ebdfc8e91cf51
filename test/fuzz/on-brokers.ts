// Fuzzes a real cluster over real brokers: the same messages as in process, through the servers' own parsers, to nodes that are
// processes. The same is asked of it, and that no process ended or grew without bound.
import { readFileSync } from 'node:fs';
import { connect as connectNats, type NatsConnection, headers as natsHeaders } from '@nats-io/transport-node';
import type { Emulator } from '../../src/emulator/emulator.js';
import { type Client, connect, type StatusReply } from '../../src/index.js';
import { SeededRandom } from '../sim/random.js';
import { eventually } from '../support/eventually.js';
import { busUrl } from '../support/streams.js';
import type { FuzzResult } from './in-process.js';
import { faultOfRecord } from './invalid-records.js';
import { type FuzzMessage, Messages } from './messages.js';
import { faultOf } from './oracle.js';

const keptBucket = 'kept';
const buckets = ['default', 'default', 'default', 'fuzz', 'none', '_buckets'];
const keptCount = 50;
const atOnce = 64;
const answerMs = 20_000;
const settleMs = 60_000;
const faultsMax = 10;
/** What a node may hold more at the end than at the start, in bytes: a heap that has not been collected yet, and no leak. */
const growthMax = 300 * 1024 * 1024;

/** Options of the emulator that is fuzzed. */
export const fuzzedCluster = { nodes: 3, buckets: { [keptBucket]: {} } } as const;

export async function fuzzOnBrokers(emulator: Emulator, seed: number, count: number): Promise<FuzzResult> {
  const servers = busUrl(emulator, 'n0');
  const raw = await connectNats({ servers, ignoreClusterUpdates: true });
  const client = await connect({ servers, timeoutMs: 10_000, nats: { ignoreClusterUpdates: true } });
  try {
    const run = new Run(emulator, raw, client, seed);
    await run.start();
    await run.send(count);
    await run.end();
    return run;
  } finally {
    await Promise.all([raw.close(), client.close()]);
  }
}

class Run implements FuzzResult {
  readonly faults: string[] = [];
  readonly sent: Record<string, number> = {};
  counted = 0;
  private readonly messages: Messages;
  private readonly random: SeededRandom;
  private before: readonly StatusReply[] = [];
  private rssBefore: readonly number[] = [];
  /** Sent with a reply subject to which no answer belongs, or none. */
  private misdirected = 0;

  constructor(
    private readonly emulator: Emulator,
    private readonly raw: NatsConnection,
    private readonly client: Client,
    private readonly seed: number,
  ) {
    this.random = new SeededRandom(seed);
    this.messages = new Messages(this.random, { nodes: emulator.nodes, buckets, now: () => Date.now() });
  }

  async start(): Promise<void> {
    for (let i = 0; i < keptCount; i++)
      await this.client.put(`${i}`, `kept ${i}`, { bucket: keptBucket, level: 'ALL' });
    this.before = await this.statuses();
    this.rssBefore = this.before.map(({ pid }) => residentBytes(pid));
  }

  /** As many under way at once as a busy client has. */
  async send(count: number): Promise<void> {
    let left = count;
    const sender = async (): Promise<void> => {
      while (left-- > 0 && this.faults.length < faultsMax) await this.one(this.messages.next());
    };
    await Promise.all(Array.from({ length: atOnce }, sender));
  }

  private async one(message: FuzzMessage): Promise<void> {
    const { subject, data, role, reply, answer } = message;
    if (data.length > (this.raw.info?.max_payload ?? 0)) return;
    this.sent[role] = (this.sent[role] ?? 0) + 1;
    if (reply !== undefined || role === 'presence') {
      if (reply !== undefined) this.misdirected++;
      this.raw.publish(subject, data, typeof reply === 'string' ? { reply } : {});
      return;
    }
    const options = this.random.chance(0.05) ? { headers: this.headers() } : {};
    try {
      const { data: answered } = await this.raw.request(subject, data, { timeout: answerMs, ...options });
      const fault = answer === undefined ? undefined : faultOf(answer, answered);
      if (fault !== undefined) this.fault(message, fault);
    } catch (error) {
      this.fault(message, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  }

  /** Headers that the servers obey in streams, and such as a server itself would send. */
  private headers(): ReturnType<typeof natsHeaders> {
    const headers = natsHeaders();
    const [name, value] = this.random.pick([
      ['Nats-Msg-Id', '1'],
      ['Nats-Service-Error', 'forged'],
      ['Nats-Service-Error-Code', '500'],
      ['Nats-Sequence', '999999'],
      ['Nats-Stream', 'LOG_n0'],
      ['x'.repeat(2000), 'y'.repeat(2000)],
    ] as const);
    headers.set(name, value);
    return headers;
  }

  private fault({ subject, data }: FuzzMessage, what: string): void {
    const shown = Buffer.from(data).toString('latin1').slice(0, 400);
    this.faults.push(`seed ${this.seed}: ${subject} ${JSON.stringify(shown)}: ${what}`);
  }

  async end(): Promise<void> {
    const { client, emulator } = this;
    try {
      await eventually(
        async () => {
          const now = await this.statuses();
          const bad = now.filter(
            ({ state }, i) => state !== 'serving' || now[i]?.pid !== this.before[i]?.pid,
          );
          if (bad.length > 0)
            throw new Error(bad.map(({ node, state, reason }) => `${node} is ${state}: ${reason}`).join());
        },
        { deadlineMs: settleMs, what: 'all nodes to serve, in the processes that they had' },
      );
      for (let i = 0; i < keptCount; i++) {
        const value = (await client.get(`${i}`, { bucket: keptBucket, level: 'ALL' }))?.string();
        if (value !== `kept ${i}`) this.faults.push(`key ${i} is ${value}`);
      }
      for (const node of emulator.nodes) await client.put(`after-${node}`, 'v', { via: node, level: 'ALL' });
      await this.look();
    } catch (error) {
      this.faults.push(`in the end: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** What nodes count, hold and weigh. */
  private async look(): Promise<void> {
    const { client, emulator } = this;
    const statuses = await this.statuses();
    const refused = sum(
      statuses.map(status => (status.refused['noReply'] ?? 0) + (status.refused['badReply'] ?? 0)),
    );
    if (refused !== this.misdirected)
      this.faults.push(`${this.misdirected} messages had a wrong reply subject, ${refused} were counted`);
    this.counted = sum(statuses.map(({ log }) => log.invalidEntries));
    for (const [i, { node, pid }] of statuses.entries()) {
      const growth = residentBytes(pid) - (this.rssBefore[i] ?? 0);
      if (growth > growthMax) this.faults.push(`${node} grew by ${Math.round(growth / 1e6)} MB`);
    }
    for (const node of emulator.nodes)
      for (const bucket of ['default', keptBucket]) {
        const { records } = await client.records(node, { bucket, limit: 1024 });
        for (const record of records) {
          const fault = faultOfRecord(record);
          if (fault !== undefined)
            this.faults.push(`${node} holds ${fault}: ${JSON.stringify(record).slice(0, 300)}`);
        }
      }
  }

  private statuses(): Promise<StatusReply[]> {
    return Promise.all(this.emulator.nodes.map(node => this.client.status(node)));
  }
}

function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
