// After the faults: every node serves again, and every owner of a key holds the same record of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Holding } from '../check/history.js';
import { findBucket } from '../client/bucket-ring.js';
import type { Client } from '../client/client.js';
import { versionText } from '../model/record.js';
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
  /** What each owner of each key held in the end. */
  readonly holdings: readonly Holding[];
}

/** Resolves to the nodes that do not serve, each with why, as soon as there are none or the limit has passed. */
export async function notServing(
  client: Client,
  nodes: readonly string[],
  limitMs: number,
): Promise<readonly string[]> {
  const why = (node: string) =>
    client.status(node, { timeoutMs: 2000 }).then(
      ({ state, reason }) =>
        state === 'serving' && reason === null
          ? undefined
          : `${node} is ${state}${reason === null ? '' : `: ${reason}`}`,
      () => `${node} does not answer`,
    );
  const end = performance.now() + limitMs;
  for (;;) {
    const missing = (await Promise.all(nodes.map(why))).filter(line => line !== undefined);
    if (missing.length === 0 || performance.now() >= end) return missing;
    await sleep(pollMs);
  }
}

/** Compares until the owners agree, or the limit has passed. */
export async function converge(client: Client, limitMs: number): Promise<Convergence> {
  const begunAtMs = performance.now();
  for (;;) {
    const found = await compare(client).catch(() => undefined);
    const tookMs = performance.now() - begunAtMs;
    const converged = found?.differing.length === 0;
    if (converged || tookMs >= limitMs)
      return { ...(found ?? { keys: 0, differing: [], holdings: [] }), converged, tookMs };
    await sleep(pollMs);
  }
}

async function compare(client: Client): Promise<Pick<Convergence, 'keys' | 'differing' | 'holdings'>> {
  const { cluster } = await client.cluster({ timeoutMs });
  const { ring, life } = await findBucket(client, bucketName, timeoutMs);
  const held = new Map<string, Map<string, WireRecord>>();
  for (const node of cluster.nodes) held.set(node, await heldBy(client, node, life));
  const keys = [...new Set([...held.values()].flatMap(records => [...records.keys()]))];
  const texts = (key: string) => ring.owners(key).map(owner => textOf(held.get(owner)?.get(key)));
  return {
    keys: keys.length,
    differing: keys.filter(key => new Set(texts(key)).size > 1),
    holdings: keys.flatMap(key =>
      ring.owners(key).map(owner => holdingOf(owner, key, held.get(owner)?.get(key))),
    ),
  };
}

async function heldBy(client: Client, node: string, bucket: string): Promise<Map<string, WireRecord>> {
  const held = new Map<string, WireRecord>();
  let after: string | undefined;
  for (;;) {
    const request = { bucket, limit: pageMax, ...(after === undefined ? {} : { after }) };
    const { records, more } = await client.records(node, request, { timeoutMs });
    for (const record of records) held.set(record.key, record);
    after = records.at(-1)?.key;
    if (!more || after === undefined) return held;
  }
}

function holdingOf(owner: string, key: string, record: WireRecord | undefined): Holding {
  if (record === undefined) return { kind: 'held', owner, key, version: null };
  const version = versionText(record);
  return {
    kind: 'held',
    owner,
    key,
    version,
    ...(record.value === undefined ? {} : { value: record.value }),
  };
}

function textOf(record: WireRecord | undefined): string {
  return record === undefined
    ? 'nothing'
    : JSON.stringify([versionText(record), record.deleted, record.value]);
}
