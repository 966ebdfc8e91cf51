// A client process: holds the connections and makes the load that its parent orders.
import { DynatsStore } from '../../src/cli/bench/dynats-store.js';
import { fill, type LoadResult, runLoad, type Store } from '../../src/cli/bench/load.js';
import { Values } from '../../src/cli/bench/values.js';
import { connect } from '../../src/index.js';
import { KvStore } from './kv-store.js';
import { EchoStore, RawPublishStore } from './limit-stores.js';
import type { Answer, Order, Target } from './orders.js';

interface Connected {
  stores: Store[];
  values: Values;
}

const connected = new Map<string, Connected>();
/** Makes the writers' names different: a count that began anew must not be taken for an older one. */
let connects = 0;

/** A single URL means that server and no other. */
async function open(target: Target, valueBytes: number): Promise<Store> {
  const { urls, bucket } = target;
  const isFixed = urls.length === 1;
  if (target.side === 'kv') return KvStore.connect(urls, bucket, isFixed);
  if (target.side === 'echo') return EchoStore.connect(urls[0] ?? '', target.nodes, valueBytes);
  if (target.side === 'raw') return RawPublishStore.connect(urls[0] ?? '', target.nodes, bucket);
  const client = await connect({
    servers: [...urls],
    mode: target.mode,
    nats: isFixed ? { ignoreClusterUpdates: true } : { noRandomize: true },
  });
  return new DynatsStore(client, target);
}

async function close({ stores }: Connected): Promise<void> {
  await Promise.all(stores.map(store => store.close()));
}

function named(name: string): Connected {
  const found = connected.get(name);
  if (found === undefined) throw new Error(`nothing is connected as ${name}`);
  return found;
}

async function obey(order: Order): Promise<LoadResult | undefined> {
  switch (order.do) {
    case 'connect': {
      const stores = await Promise.all(
        Array.from({ length: order.connections }, () => open(order.target, order.valueBytes)),
      );
      connected.set(order.name, {
        stores,
        values: new Values(`${process.pid}-${connects++}`, order.valueBytes),
      });
      return undefined;
    }
    case 'fill': {
      const { stores, values } = named(order.name);
      if (stores[0] !== undefined) await fill(stores[0], values, order);
      return undefined;
    }
    case 'run': {
      const { stores, values } = named(order.name);
      return runLoad(stores, values, order.spec);
    }
    case 'close':
      await close(named(order.name));
      connected.delete(order.name);
      return undefined;
  }
}

/** Unless the parent is gone: what it ordered last is then of no use. */
function answer(message: Answer): void {
  if (process.connected) process.send?.(message);
}

process.on('message', (order: Order) => {
  obey(order).then(
    result => answer({ result }),
    (error: unknown) =>
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// The parent is gone: so is the reason to be here. Closing first lets a profile be written.
process.once('disconnect', () => {
  void Promise.allSettled([...connected.values()].map(close)).then(() => process.exit());
});
