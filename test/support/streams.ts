// The logs and hints streams as an outsider sees them: read over NATS with the NATS client's own means, so that nothing of
// the product stands between a test and what the brokers stored.
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Emulator } from '../../src/emulator/emulator.js';
import type { WireRecord } from '../../src/wire/generated/types.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';

const TIMEOUT_MS = 5000;

/** A record and the subject of the entry it stands in. */
export interface Stored {
  readonly subject: string;
  readonly record: WireRecord;
}

export class Streams implements AsyncDisposable {
  private readonly managers = new Map<string, Promise<JetStreamManager>>();

  constructor(readonly connection: NatsConnection) {}

  /** Every record in a node's log, in order. Entries that are only notes hold none. */
  async log(node: string): Promise<WireRecord[]> {
    return (await this.read(node, `LOG_${node}`)).map(({ record }) => record);
  }

  /** Every record a node holds for others, by target. */
  async hints(holder: string): Promise<Map<string, WireRecord[]>> {
    const byTarget = new Map<string, WireRecord[]>();
    for (const { subject, record } of await this.read(holder, `HINTS_${holder}`)) {
      const target = subject.split('.').at(-1) ?? '';
      byTarget.set(target, [...(byTarget.get(target) ?? []), record]);
    }
    return byTarget;
  }

  /** Appends records to one node's log only, as one entry; resolves when they are stored. */
  async append(node: string, records: readonly WireRecord[]): Promise<void> {
    const reply = await this.connection.request(
      `dynats.log.${node}`,
      encodeEntry(records.map(encodeRecord)),
      {
        timeout: TIMEOUT_MS,
      },
    );
    const ack = reply.json<{ stream?: string; seq?: number }>();
    if (ack.stream !== `LOG_${node}` || !ack.seq) throw new Error(`not stored: ${reply.string()}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection.close();
  }

  private async read(node: string, stream: string): Promise<Stored[]> {
    const manager = await this.manager(node);
    const { state } = await manager.streams.info(stream);
    const stored: Stored[] = [];
    let next = state.first_seq;
    while (state.messages > 0 && next <= state.last_seq) {
      const from = next;
      for await (const { seq, subject, data } of await manager.direct.getBatch(stream, {
        seq: from,
        batch: 500,
      })) {
        next = seq + 1;
        const entry = JSON.parse(Buffer.from(data).toString()) as { records: WireRecord[] };
        for (const record of entry.records) stored.push({ subject, record });
      }
      if (next === from) throw new Error(`${stream} ended at ${from} of ${state.last_seq}`);
    }
    return stored;
  }

  private manager(node: string): Promise<JetStreamManager> {
    let manager = this.managers.get(node);
    if (manager === undefined) {
      manager = jetstreamManager(this.connection, { domain: node, checkAPI: false, timeout: TIMEOUT_MS });
      this.managers.set(node, manager);
    }
    return manager;
  }
}

/** Connects through the bus server of `node`, which must stay alive. */
export async function openStreams(emulator: Emulator, node: string): Promise<Streams> {
  return new Streams(await connect({ servers: busUrl(emulator, node), ignoreClusterUpdates: true }));
}

export function busUrl(emulator: Emulator, node: string): string {
  const url = emulator.urls[emulator.nodes.indexOf(node)];
  if (url === undefined) throw new TypeError(`no node ${node}`);
  return url;
}
