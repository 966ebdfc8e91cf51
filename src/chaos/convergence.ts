// After the faults: every node serves again, and every owner of a key holds the same record of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { findBucket } from '../client/bucket-ring.js';
import type { Client } from '../client/client.js';
import type { WireRecord } from '../wire/generated/types.js';
import { bucketName } from './load/order.js';

const pollMs = 100;
const pageMax = 1024;
const timeoutMs = 10_000;

export interface Convergence {
  readonly converged: boolean;
  /** How long it took, in milliseconds; the limit when it did not. */
  readonly tookMs: number;
  readonly keys: number;
  /** Keys that owners hold differently. */
  readonly differing: readonly string[];
}

/** Resolves to whether every node serves within the limit. */
export async function allServe(client: Client, nodes: readonly string[], limitMs: number): Promise<boolean> {
  const states = () =>
    Promise.all(
      nodes.map(node =>
        client.status(node, { timeoutMs: 2000 }).then(
          ({ state }) => state === 'serving',
          () => false,
        ),
      ),
    );
  const end = performance.now() + limitMs;
  for (;;) {
    if ((await states()).every(Boolean)) return true;
    if (performance.now() >= end) return false;
    await sleep(pollMs);
  }
}

/** Compares until the owners agree, or the limit has passed. */
export async function converge(client: Client, limitMs: number): Promise<Convergence> {
  const begunAtMs = performance.now();
  for (;;) {
    const { keys, differing } = await compare(client).catch(() => ({
      keys: 0,
      differing: ['(a node does not answer)'],
    }));
    const tookMs = performance.now() - begunAtMs;
    if (differing.length === 0 || tookMs >= limitMs)
      return { converged: differing.length === 0, tookMs, keys, differing };
    await sleep(pollMs);
  }
}

async function compare(client: Client): Promise<{ keys: number; differing: string[] }> {
  const { cluster } = await client.cluster({ timeoutMs });
  const { ring, life } = await findBucket(client, bucketName, timeoutMs);
  const held = new Map<string, Map<string, string>>();
  for (const node of cluster.nodes) held.set(node, await heldBy(client, node, life));
  const keys = new Set([...held.values()].flatMap(records => [...records.keys()]));
  const differing = [...keys].filter(
    key => new Set(ring.owners(key).map(owner => held.get(owner)?.get(key))).size > 1,
  );
  return { keys: keys.size, differing };
}

async function heldBy(client: Client, node: string, bucket: string): Promise<Map<string, string>> {
  const held = new Map<string, string>();
  let after: string | undefined;
  for (;;) {
    const request = { bucket, limit: pageMax, ...(after === undefined ? {} : { after }) };
    const { records, more } = await client.records(node, request, { timeoutMs });
    for (const record of records) held.set(record.key, textOf(record));
    after = records.at(-1)?.key;
    if (!more || after === undefined) return held;
  }
}

function textOf({ value, base64, deleted, time, writer }: WireRecord): string {
  return JSON.stringify([time, writer, deleted ?? false, value ?? base64]);
}
