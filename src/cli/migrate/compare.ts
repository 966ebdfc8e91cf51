// Compares a KV bucket with the Dynats bucket it was copied into, key by key, and says what differs and why.
import type { Client } from '../../client/client.js';
import type { Entry } from '../../client/entry.js';
import { DynatsError } from '../../errors.js';
import { valueBytes } from '../../model/record.js';
import type { GetReply } from '../../wire/generated/types.js';
import type { Change } from './change.js';
import { type Held, heldOf, revisionOf } from './decide.js';
import { patiently } from './patience.js';
import type { Delivered } from './source.js';

const BATCH_MAX = 256;
const PAGE_SIZE = 1000;

export interface CompareOptions {
  readonly bucket: string;
  readonly streamId: string;
  /** What KV holds: the last entry of each key. */
  readonly entries: AsyncIterable<Delivered> & { readonly count: number };
  /** Changes after this revision were not copied yet. */
  readonly copiedTo: number;
  readonly nowMs: () => number;
  /** How long it waits for nodes that are away, in milliseconds. */
  readonly patienceMs: number;
  readonly onProgress: (compared: number, different: number) => void;
}

export interface Difference {
  readonly key: string;
  readonly why: string;
}

export interface Comparison {
  /** Keys that are the same on both sides, deleted ones among them. */
  same: number;
  /** Keys that were written to Dynats directly, later than in KV. */
  direct: number;
  /** Keys that changed in KV after the revision compared with. */
  newer: number;
  readonly different: Difference[];
}

type Verdict = 'same' | 'direct' | { readonly why: string };

/** @throws DynatsError when a key cannot be read. */
export async function compareSides(client: Client, options: CompareOptions): Promise<Comparison> {
  const result: Comparison = { same: 0, direct: 0, newer: 0, different: [] };
  const living = new Set<string>();
  let batch: Change[] = [];
  let compared = 0;
  const flush = async () => {
    const replies = await patiently(() => read(client, batch, options.bucket), options.patienceMs);
    batch.forEach((change, i) => {
      const reply = replies[i];
      if (reply !== undefined) add(result, change.key, judge(change, reply, options));
    });
    compared += batch.length;
    batch = [];
    options.onProgress(compared, result.different.length);
  };
  if (options.entries.count > 0)
    for await (const { change, left } of options.entries) {
      // Of what is not copied yet the key may stand on either side as it was.
      living.add(change.key);
      if (change.revision > options.copiedTo) result.newer++;
      else batch.push(change);
      if (batch.length === BATCH_MAX) await flush();
      if (left === 0) break;
    }
  await flush();
  await findSurplus(client, living, options, result);
  return result;
}

/** Keys that Dynats has and KV has not. */
async function findSurplus(
  client: Client,
  living: ReadonlySet<string>,
  { bucket, streamId, patienceMs }: CompareOptions,
  result: Comparison,
): Promise<void> {
  const page = async (from: string | undefined) => {
    const range = { limit: PAGE_SIZE, ...(from === undefined ? {} : { from }) };
    const entries: Entry[] = [];
    for await (const entry of client.scan({ bucket, level: 'QUORUM', ...range })) entries.push(entry);
    return entries;
  };
  for (let from: string | undefined; ; ) {
    const last = from;
    const entries = await patiently(() => page(last), patienceMs);
    for (const { key, version } of entries) {
      // A page begins with the last key of the one before.
      if (key === last || living.has(key)) continue;
      const revision = revisionOf(version.slice(version.indexOf('@') + 1), streamId);
      if (revision === undefined) result.direct++;
      else result.different.push({ key, why: `gone from KV, a copy of revision ${revision} in Dynats` });
    }
    if (entries.length < PAGE_SIZE) return;
    from = entries.at(-1)?.key;
  }
}

async function read(client: Client, batch: readonly Change[], bucket: string): Promise<GetReply[]> {
  const outcomes = await client.batch(batch.map(({ key }) => ({ op: 'get', key, bucket, level: 'QUORUM' })));
  return outcomes.map((outcome, i) => {
    // A key that Dynats cannot hold is not there.
    if (outcome instanceof DynatsError && outcome.code === 'INVALID_REQUEST')
      return { key: batch[i]?.key ?? '', found: false, level: 'QUORUM', required: 0, received: 0 };
    if (outcome instanceof DynatsError) throw outcome;
    if (!('found' in outcome)) throw new TypeError('a read was answered otherwise');
    return outcome;
  });
}

function judge(change: Change, reply: GetReply, { streamId, nowMs }: CompareOptions): Verdict {
  const isGone =
    change.value === undefined || (change.expiresAtMs !== undefined && change.expiresAtMs <= nowMs());
  if (!reply.found && isGone) return 'same';
  const held = heldOf(reply);
  if (reply.found && !isGone && Buffer.compare(valueBytes(reply), change.value ?? Buffer.of()) === 0)
    return 'same';
  if (held !== undefined && isDirect(held, change, streamId)) return 'direct';
  if (isGone) return { why: `deleted in KV (revision ${change.revision}), found in Dynats` };
  return { why: reply.found ? 'another value' : `in KV (revision ${change.revision}), not in Dynats` };
}

function isDirect(held: Held, change: Change, streamId: string): boolean {
  return revisionOf(held.version.writer, streamId) === undefined && held.version.time >= change.createdAt;
}

function add(result: Comparison, key: string, verdict: Verdict): void {
  if (typeof verdict === 'string') result[verdict]++;
  else result.different.push({ key, ...verdict });
}
