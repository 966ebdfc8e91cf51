// Many records in a store at once, and whether every owner of them holds every one.
import assert from 'node:assert/strict';
import type { Client } from '../../src/index.js';
import { Ring } from '../../src/model/ring.js';

/** Calls of `batch` under way at once, and operations of each. */
const CALLS = 8;
const OPERATIONS = 1000;

/** Key and value of record `i`. */
export function recordOf(i: number): { key: string; value: string } {
  return { key: `record ${i}`, value: `value ${i} ${'.'.repeat(80)}` };
}

/** Writes records `from` up to but without `to` at level ALL. */
export async function fill(client: Client, from: number, to: number): Promise<void> {
  let next = from;
  const work = async () => {
    while (next < to) {
      const first = next;
      next = Math.min(to, next + OPERATIONS);
      const operations = Array.from({ length: next - first }, (_, i) => ({
        op: 'put' as const,
        ...recordOf(first + i),
      }));
      const outcomes = await client.batch(operations, { level: 'ALL', timeoutMs: 60_000 });
      const failed = outcomes.find(outcome => outcome instanceof Error);
      if (failed !== undefined) throw failed;
    }
  };
  await Promise.all(Array.from({ length: CALLS }, work));
}

/** What `node` holds in memory, by key: value and version. */
export async function heldBy(client: Client, node: string): Promise<Map<string, string>> {
  const held = new Map<string, string>();
  let after: string | undefined;
  for (;;) {
    const page = await client.records(
      node,
      { limit: 1024, ...(after === undefined ? {} : { after }) },
      { timeoutMs: 10_000 },
    );
    for (const { key, value, time, writer } of page.records)
      held.set(key, `${value ?? 'deleted'} ${time}@${writer}`);
    after = page.records.at(-1)?.key;
    if (!page.more || after === undefined) return held;
  }
}

/** Every record is held alike by every owner of it among `nodes`. */
export async function assertAgree(client: Client, nodes: readonly string[]): Promise<void> {
  const { cluster } = await client.cluster();
  const ring = new Ring(cluster.nodes, cluster);
  const held = new Map(
    await Promise.all(nodes.map(async node => [node, await heldBy(client, node)] as const)),
  );
  const keys = new Set([...held.values()].flatMap(records => [...records.keys()]));
  const differing = [...keys].filter(key => {
    const owners = ring.owners(key).filter(owner => nodes.includes(owner));
    return new Set(owners.map(owner => held.get(owner)?.get(key))).size > 1;
  });
  assert.deepEqual(differing.slice(0, 5), [], `${differing.length} of ${keys.size} keys differ`);
}
