// JetStream KV as a store to put load on, as its own client library does it.
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Store } from '../../src/cli/bench/load.js';
import { openConnection } from '../../src/nats/connection.js';

export class KvStore implements Store {
  private constructor(
    private readonly connection: NatsConnection,
    private readonly kv: KV,
  ) {}

  static async connect(servers: readonly string[], bucket: string, isFixed: boolean): Promise<KvStore> {
    const connection = await openConnection({
      servers,
      name: 'bench',
      timeoutMs: 10_000,
      nats: isFixed ? { ignoreClusterUpdates: true } : { noRandomize: true },
    });
    // Bound without a look at the stream; direct gets are what `create` has buckets allow.
    return new KvStore(connection, await new Kvm(connection).open(bucket, { allow_direct: true }));
  }

  put(key: string, value: string): Promise<unknown> {
    return this.kv.put(key, value);
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.kv.get(key))?.string();
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
