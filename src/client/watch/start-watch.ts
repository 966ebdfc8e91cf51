// Makes a watch of a client: what the watcher needs of it.
import { DynatsError } from '../../errors.js';
import { NatsAppliedFeed } from '../../nats/applied.js';
import type { NatsBus } from '../../nats/bus.js';
import { systemClock } from '../../system.js';
import { bucketIn, findBucket } from '../bucket-ring.js';
import type { Client } from '../client.js';
import type { ScanPages } from '../scan.js';
import type { WatchOptions } from './watch.js';
import { Watcher } from './watcher.js';

/** Deadline of one page or one read of a look, in milliseconds. A look that failed is taken again. */
const LOOK_TIMEOUT_MS = 5000;

export interface WatchedClient {
  readonly bus: NatsBus;
  readonly client: Pick<Client, 'cluster' | 'batch' | 'buckets'>;
  readonly pages: ScanPages;
  /** Now by the nodes' clocks, in milliseconds since 1970. */
  readonly nodesNow: () => number;
}

/** Resolves when the watch has begun. @throws UnavailableError, InvalidRequestError, ClosedError */
export async function startWatcher(
  { bus, client, pages, nodesNow }: WatchedClient,
  options: WatchOptions & { bucket: string },
): Promise<Watcher> {
  const { bucket, prefix = '', include = 'last' } = options;
  const { ring, life } = await findBucket(client, bucket, LOOK_TIMEOUT_MS);
  const timeoutMs = LOOK_TIMEOUT_MS;
  const watcher = new Watcher({
    bus,
    clock: systemClock,
    feed: new NatsAppliedFeed(bus.connection),
    ring,
    bucket,
    life,
    nodesNow,
    isOver: async () => bucketIn((await client.cluster({ timeoutMs })).cluster, bucket)?.life !== life,
    prefix,
    include,
    scan: keysOnly => pages.pages({ bucket, prefix, keysOnly, deleted: true }, { timeoutMs, via: undefined }),
    read: async (keys, level) => {
      const operations = keys.map(key => ({ op: 'get' as const, key }));
      const outcomes = await client.batch(operations, { bucket, level, timeoutMs });
      return outcomes.map(outcome =>
        !(outcome instanceof DynatsError) && 'found' in outcome ? outcome : undefined,
      );
    },
  });
  try {
    await watcher.start();
  } catch (error) {
    watcher.stop();
    throw error;
  }
  return watcher;
}
