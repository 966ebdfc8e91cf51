// Writes as bytes: requests that were encoded beforehand, published without a client library that holds them back, and their
// answers counted by kind. So one process offers many times what a cluster on the same machine stores.
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { openConnection } from '../../src/nats/connection.js';

const tickMs = 2;
/** Between two looks at what has come: answers must not seem late because this process is busy. */
const perTickMax = 64;
const keys = 10_000;
/** Beyond the deadline of the last request. */
const lastAnswerMs = 3000;

export interface RawWritesOptions {
  readonly servers: readonly string[];
  readonly bucket: string;
  readonly valueBytes: number;
  readonly timeoutMs: number;
}

export interface Answers {
  readonly offered: number;
  /** Latencies by outcome, in milliseconds: `stored`, or the code of the error. */
  readonly byKind: ReadonlyMap<string, number[]>;
  readonly unanswered: number;
}

export class RawWrites {
  private sent = 0;
  private readonly startedAtMs = new Map<number, number>();
  private byKind = new Map<string, number[]>();
  private onAnswer: () => void = () => {};
  private readonly head: Buffer;

  private constructor(
    private readonly connections: readonly NatsConnection[],
    private readonly options: RawWritesOptions,
  ) {
    const { bucket, valueBytes, timeoutMs } = options;
    const fixed = { bucket, level: 'QUORUM', timeoutMs, value: '.'.repeat(valueBytes) };
    this.head = Buffer.from(JSON.stringify(fixed).slice(0, -1));
    for (const connection of connections)
      connection.subscribe(`${inbox}*`, {
        callback: (_, { subject, data, headers }) =>
          this.answered(Number(subject.slice(inbox.length)), headers === undefined ? 'stored' : codeIn(data)),
      });
  }

  /** With a connection to each server: those who flood a cluster are not all on one. */
  static async connect(options: RawWritesOptions): Promise<RawWrites> {
    const open = (server: string) =>
      openConnection({
        servers: [server],
        name: 'flood',
        timeoutMs: 10_000,
        nats: { ignoreClusterUpdates: true },
      });
    const writes = new RawWrites(await Promise.all(options.servers.map(open)), options);
    await Promise.all(writes.connections.map(connection => connection.flush()));
    return writes;
  }

  /** So many under way at once, for so long. */
  async closedLoop(underWay: number, forMs: number): Promise<Answers> {
    const from = this.begin();
    const end = performance.now() + forMs;
    this.onAnswer = () => {
      if (performance.now() < end) this.send();
    };
    for (let i = 0; i < underWay; i++) this.send();
    await until(() => performance.now() >= end);
    return this.end(from);
  }

  /** So many each second, whether they are answered or not. */
  async openLoop(perSecond: number, forMs: number): Promise<Answers> {
    const from = this.begin();
    const begunAtMs = performance.now();
    for (;;) {
      const passedMs = performance.now() - begunAtMs;
      if (passedMs >= forMs) return this.end(from);
      const due = Math.floor((passedMs / 1000) * perSecond) - (this.sent - from);
      for (let i = 0; i < Math.min(due, perTickMax); i++) this.send();
      await (due > perTickMax ? new Promise(setImmediate) : sleep(tickMs));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map(connection => connection.close()));
  }

  private begin(): number {
    this.byKind = new Map();
    return this.sent;
  }

  private async end(from: number): Promise<Answers> {
    const offered = this.sent - from;
    const limit = performance.now() + this.options.timeoutMs + lastAnswerMs;
    await until(() => this.startedAtMs.size === 0 || performance.now() >= limit);
    this.onAnswer = () => {};
    const unanswered = this.startedAtMs.size;
    this.startedAtMs.clear();
    return { offered, byKind: this.byKind, unanswered };
  }

  private send(): void {
    const id = this.sent++;
    this.startedAtMs.set(id, performance.now());
    const deadline = (Date.now() + this.options.timeoutMs) * 1000;
    const tail = Buffer.from(`,"key":"key-${id % keys}","deadline":${deadline}}`);
    const connection = this.connections[id % this.connections.length];
    connection?.publish('dynats.put', Buffer.concat([this.head, tail]), { reply: `${inbox}${id}` });
  }

  private answered(id: number, kind: string): void {
    const startedAtMs = this.startedAtMs.get(id);
    if (startedAtMs === undefined) return;
    this.startedAtMs.delete(id);
    const tookMs = performance.now() - startedAtMs;
    const known = this.byKind.get(kind);
    if (known === undefined) this.byKind.set(kind, [tookMs]);
    else known.push(tookMs);
    this.onAnswer();
  }
}

const inbox = '_INBOX.flood.';

function codeIn(data: Uint8Array): string {
  const { error } = JSON.parse(new TextDecoder().decode(data)) as { error: { code: string } };
  return error.code;
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await sleep(tickMs);
}
