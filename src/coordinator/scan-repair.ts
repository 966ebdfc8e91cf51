// Repairs what a scan has found stale: as after a single read, as many owners of each key hold its newest record before
// the page is shown as the level needs.
import { OverloadedError, ReadTimeoutError } from '../errors.js';
import { type Need, shortfall, Tally } from '../model/need.js';
import { compareVersions } from '../model/record.js';
import type { WireRecord } from '../wire/generated/types.js';
import { encodeRecord } from '../wire/log-entry.js';
import type { Coordination } from './coordination.js';
import type { MergedKey } from './scan-merge.js';

export interface RepairOptions {
  readonly bucket: string;
  /** What the level needs of the owners of a key: so many must hold its newest record. */
  readonly needOf: (key: string) => Need;
  /** On the monotonic clock. */
  readonly deadlineAtMs: number;
}

/**
 * Resolves when enough owners of every key hold its newest record durably.
 *
 * @throws ReadTimeoutError too few acks, or no record behind a version, in time.
 */
export async function repairStale(
  c: Coordination,
  keys: readonly MergedKey[],
  options: RepairOptions,
): Promise<void> {
  const { needOf, deadlineAtMs } = options;
  const wanting = keys.filter(({ key, holders }) => shortfall(needOf(key), holders) !== undefined);
  const [first] = wanting;
  if (first === undefined) return;
  await new Promise<void>((resolve, reject) => {
    const alarm = c.deadlines.add(deadlineAtMs, {
      wake: () => reject(tooFew(new Tally(needOf(first.key), []))),
    });
    Promise.all(wanting.map(key => repairKey(c, key, options)))
      .then(() => resolve(), reject)
      .finally(() => alarm.cancel());
  });
}

async function repairKey(
  c: Coordination,
  { key, newest, holders, stale }: MergedKey,
  { bucket, needOf }: RepairOptions,
): Promise<void> {
  const need = needOf(key);
  if ('bucket' in newest) return append(c, newest, { holders, stale, need });
  for (const holder of holders) {
    const record = await recordAt(c, holder, bucket, key);
    if (record === undefined) continue;
    // It may hold an even newer one by now: then nobody else is known to.
    const others = compareVersions(record, newest) > 0 ? holders.filter(node => node !== holder) : [];
    return append(c, record, {
      holders: holders.filter(node => !others.includes(node)),
      stale: [...stale, ...others],
      need,
    });
  }
  throw tooFew(new Tally(need, []));
}

function recordAt(
  c: Coordination,
  owner: string,
  bucket: string,
  key: string,
): Promise<WireRecord | undefined> {
  return new Promise(resolve => {
    const lane = c.reads.get(owner);
    if (lane === undefined || lane.isFull) {
      resolve(undefined);
      return;
    }
    lane.ask({
      bucket,
      key,
      want: 'record',
      answered: answer => resolve(answer !== null && 'key' in answer ? answer : undefined),
      failed: () => resolve(undefined),
    });
  });
}

function append(
  c: Coordination,
  record: WireRecord,
  { holders, stale, need }: { holders: readonly string[]; stale: readonly string[]; need: Need },
): Promise<void> {
  if (stale.some(owner => c.logs.to(owner).isFull))
    throw new OverloadedError('too many writes wait for owners that are to be repaired; try again later');
  const text = encodeRecord(record);
  const bytes = Buffer.byteLength(text) + 1;
  const tally = new Tally(need, stale);
  for (const holder of holders) tally.answered(holder);
  return new Promise((resolve, reject) => {
    const settle = () => {
      if (tally.isMet) resolve();
      else if (!tally.isAttainable) reject(tooFew(tally));
    };
    for (const owner of stale)
      c.logs.to(owner).submit({
        text,
        bytes,
        acked: () => {
          c.repairs.acked++;
          tally.answered(owner);
          settle();
        },
        failed: () => {
          c.repairs.failed++;
          tally.failed(owner);
          settle();
        },
      });
  });
}

function tooFew({ lacking: { required, there, zone } }: Tally): ReadTimeoutError {
  return new ReadTimeoutError(required, there, undefined, { zone });
}
