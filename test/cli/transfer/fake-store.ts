// A client of a store that is a Map.
import type { Operation, Outcome } from '../../../src/client/client.js';
import type { DynatsError } from '../../../src/errors.js';
import type { ClusterReply } from '../../../src/wire/generated/types.js';

const stored = (key: string): Outcome => ({ key, version: '1@w', level: 'QUORUM', required: 2, acked: 2 });

/** A store whose batches settle a little later; records how many operations were in flight, and each key's order. */
export class FakeStore {
  inFlight = 0;
  most = 0;
  readonly values = new Map<string, unknown>();
  /** Lives as they were asked for. */
  readonly ttls = new Map<string, number | undefined>();
  /** The nodes' clock. */
  now = Date.now();
  readonly together = new Set<string>();
  private readonly keysInFlight = new Map<string, number>();

  constructor(private readonly refuse: (key: string) => DynatsError | undefined = () => undefined) {}

  async batch(operations: readonly Operation[]): Promise<Outcome[]> {
    this.inFlight += operations.length;
    this.most = Math.max(this.most, this.inFlight);
    for (const { key } of operations) this.enter(String(key));
    await new Promise(resolve => setImmediate(resolve));
    this.inFlight -= operations.length;
    return operations.map(operation => {
      const key = String(operation.key);
      this.keysInFlight.delete(key);
      const refused = this.refuse(key);
      if (refused === undefined && operation.op === 'put') {
        this.values.set(key, operation.value);
        this.ttls.set(key, operation.ttlMs);
      }
      return refused ?? stored(key);
    });
  }

  async cluster(): Promise<ClusterReply> {
    const { now } = this;
    const cluster = { name: 'c', nodes: ['n0'], replicationFactor: 1, partitioner: 'murmur3' } as const;
    return { node: 'n0', cluster: { ...cluster, nodes: ['n0'] }, time: now * 1000, now, peers: [] };
  }

  private enter(key: string): void {
    if (this.keysInFlight.has(key)) this.together.add(key);
    this.keysInFlight.set(key, 1);
  }
}
