// Finds the keys on which owners differ, in one pass over the merged streams.
import type { Client } from '../../client/client.js';
import type { Ring } from '../../model/ring.js';
import type { WireRecord } from '../../wire/generated/types.js';
import type { Copies } from './merge.js';
import { keysPerRequestMax } from './pages.js';
import { type Comparison, compareCopies, KeyVerdict } from './verdict.js';

export interface Difference {
  key: string;
  comparison: Comparison;
}

/**
 * Compares keys as they come. A write that is under way makes owners differ for a moment, so each difference is looked
 * at a second time, many keys in one request, before it counts.
 */
export class CrossCheck {
  readonly asked: ReadonlySet<string>;
  keys = 0;
  differing = 0;
  private suspects: string[] = [];

  constructor(
    private readonly client: Pick<Client, 'records'>,
    private readonly ring: Ring,
    private readonly bucket: string,
    nodes: readonly string[],
    private readonly onDifference: (difference: Difference) => void,
  ) {
    this.asked = new Set(nodes);
  }

  async add({ key, copies }: Copies): Promise<void> {
    this.keys++;
    if (!this.diverged(key, copies)) return;
    this.suspects.push(key);
    if (this.suspects.length >= keysPerRequestMax) await this.lookAgain();
  }

  /** Settles what is still suspected. */
  async finish(): Promise<void> {
    if (this.suspects.length > 0) await this.lookAgain();
  }

  private diverged(key: string, copies: ReadonlyMap<string, WireRecord>): boolean {
    return compareCopies(this.ring.owners(key), this.asked, copies).verdict === KeyVerdict.Diverged;
  }

  private async lookAgain(): Promise<void> {
    const keys = this.suspects;
    this.suspects = [];
    const copies = await copiesOf(this.client, [...this.asked], this.bucket, keys);
    for (const key of keys) {
      const comparison = compareCopies(this.ring.owners(key), this.asked, copies.get(key) ?? new Map());
      if (comparison.verdict !== KeyVerdict.Diverged) continue;
      this.differing++;
      this.onDifference({ key, comparison });
    }
  }
}

/** The copies of the named keys (at most `keysPerRequestMax`) by key, then by node. */
export async function copiesOf(
  client: Pick<Client, 'records'>,
  nodes: readonly string[],
  bucket: string,
  keys: readonly string[],
): Promise<Map<string, Map<string, WireRecord>>> {
  const byKey = new Map<string, Map<string, WireRecord>>(keys.map(key => [key, new Map()]));
  await Promise.all(
    nodes.map(async node => {
      for (const record of await recordsNamed(client, node, bucket, keys))
        byKey.get(record.key)?.set(node, record);
    }),
  );
  return byKey;
}

/** A page ends early when it would outgrow a message; the rest is asked for again. */
async function recordsNamed(
  client: Pick<Client, 'records'>,
  node: string,
  bucket: string,
  keys: readonly string[],
): Promise<WireRecord[]> {
  const records: WireRecord[] = [];
  let rest = keys;
  while (rest.length > 0) {
    const page = await client.records(node, { bucket, keys: [...rest] });
    records.push(...page.records);
    const last = page.records.at(-1)?.key;
    if (!page.more || last === undefined) break;
    const got = new Set(page.records.map(record => record.key));
    rest = rest.filter(key => !got.has(key));
  }
  return records;
}
