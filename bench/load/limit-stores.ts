// The two limits, as stores: what the brokers and this process could do at most if Dynats itself cost nothing. The lanes are
// those of a coordinator, the messages have the size of its messages; nothing is parsed or checked.
import type { NatsConnection } from '@nats-io/transport-node';
import type { Store } from '../../src/cli/bench/load.js';
import { Lane } from '../../src/coordinator/lane.js';
import { Ring } from '../../src/model/ring.js';
import { openConnection } from '../../src/nats/connection.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';

const timeoutMs = 5000;
/** As the read lanes and the log lanes have it. */
const readLimits = {
  bytesOf: ({ bytes }: { bytes: number }) => bytes,
  itemsMax: 512,
  bytesMax: 512 * 1024,
  queuedMax: 20_000,
  inFlightMax: 1,
};
const logLimits = {
  bytesOf: ({ bytes }: { bytes: number }) => bytes,
  itemsMax: 1024,
  bytesMax: 512 * 1024,
  queuedMax: 20_000,
  inFlightMax: 1,
};
/** What a quorum of three is. */
const acksNeeded = 2;

export const echoSubject = (node: string) => `bench.echo.${node}`;
export const rawSubject = (node: string) => `bench.raw.${node}`;
/** A read in a request, and a record in its reply, beside key and value. */
export const readBytes = 55;
export const answerBytes = 190;

function ringOf(nodes: readonly string[]): Ring {
  return new Ring(nodes, { partitioner: 'murmur3', replicationFactor: 3 });
}

interface Echoed {
  readonly bytes: number;
  settle(error?: Error): void;
}

/** Reads at ONE: one request to the first owner, answered by an echo in place of the replica. */
export class EchoStore implements Store {
  private readonly ring: Ring;
  private readonly lanes: Map<string, Lane<Echoed>>;
  private readonly payload = Buffer.alloc(readLimits.itemsMax * readBytes, 'x');

  private constructor(
    private readonly connection: NatsConnection,
    nodes: readonly string[],
    private readonly valueBytes: number,
  ) {
    this.ring = ringOf(nodes);
    this.lanes = new Map(
      nodes.map(node => [node, new Lane<Echoed>(readLimits, items => this.transmit(node, items))]),
    );
  }

  static async connect(url: string, nodes: readonly string[], valueBytes: number): Promise<EchoStore> {
    return new EchoStore(await openFixed(url), nodes, valueBytes);
  }

  put(): Promise<never> {
    return Promise.reject(new Error('the echo stores nothing'));
  }

  async get(key: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => (error === undefined ? resolve() : reject(error));
      this.lanes.get(this.ring.owners(key)[0] ?? '')?.submit({ bytes: readBytes, settle });
    });
    return `${key}:echo:0:`.padEnd(this.valueBytes, '.');
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private async transmit(node: string, items: Echoed[]): Promise<void> {
    const data = this.payload.subarray(0, items.length * readBytes);
    try {
      await this.connection.request(echoSubject(node), data, { timeout: timeoutMs });
      for (const item of items) item.settle();
    } catch (error) {
      for (const item of items) item.settle(error as Error);
    }
  }
}

interface Raw {
  readonly bytes: number;
  readonly text: string;
  settle(error?: Error): void;
}

/** Writes at QUORUM: the same log entries to the owners' brokers, into streams that no replica follows. */
export class RawPublishStore implements Store {
  private readonly ring: Ring;
  private readonly lanes: Map<string, Lane<Raw>>;

  private constructor(
    private readonly connection: NatsConnection,
    nodes: readonly string[],
    private readonly bucket: string,
  ) {
    this.ring = ringOf(nodes);
    this.lanes = new Map(
      nodes.map(node => [node, new Lane<Raw>(logLimits, items => this.transmit(node, items))]),
    );
  }

  static async connect(url: string, nodes: readonly string[], bucket: string): Promise<RawPublishStore> {
    return new RawPublishStore(await openFixed(url), nodes, bucket);
  }

  put(key: string, value: string): Promise<void> {
    const { bucket } = this;
    const text = encodeRecord({ bucket, key, value, time: Date.now() * 1000, writer: 'client~abcdefgh' });
    const bytes = Buffer.byteLength(text) + 1;
    return new Promise((resolve, reject) => {
      let acks = 0;
      const settle = (error?: Error) => {
        if (error !== undefined) reject(error);
        else if (++acks === acksNeeded) resolve();
      };
      for (const owner of this.ring.owners(key)) this.lanes.get(owner)?.submit({ text, bytes, settle });
    });
  }

  get(): Promise<never> {
    return Promise.reject(new Error('raw streams answer no reads'));
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private async transmit(node: string, items: Raw[]): Promise<void> {
    try {
      const entry = encodeEntry(items.map(({ text }) => text));
      await this.connection.request(rawSubject(node), entry, { timeout: timeoutMs });
      for (const item of items) item.settle();
    } catch (error) {
      for (const item of items) item.settle(error as Error);
    }
  }
}

function openFixed(url: string): Promise<NatsConnection> {
  return openConnection({
    servers: [url],
    name: 'bench',
    timeoutMs: 10_000,
    nats: { ignoreClusterUpdates: true },
  });
}
