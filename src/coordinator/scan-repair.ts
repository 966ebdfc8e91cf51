// Repairs what a scan has found stale: as after a single read, as many owners of each key hold its newest record before
// the page is shown as the level needs.
import { OverloadedError, ReadTimeoutError } from '../errors.js';
import { compareVersions } from '../model/record.js';
import type { WireRecord } from '../wire/generated/types.js';
import { encodeRecord } from '../wire/log-entry.js';
import type { Coordination } from './coordination.js';
import type { MergedKey } from './scan-merge.js';

export interface RepairOptions {
  readonly bucket: string;
  /** Owners of each key that must hold its newest record. */
  readonly required: number;
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
  const { required, deadlineAtMs } = options;
  const wanting = keys.filter(({ holders }) => holders.length < required);
  if (wanting.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    const alarm = c.deadlines.add(deadlineAtMs, { wake: () => reject(new ReadTimeoutError(required, 0)) });
    Promise.all(wanting.map(key => repairKey(c, key, options)))
      .then(() => resolve(), reject)
      .finally(() => alarm.cancel());
  });
}

async function repairKey(
  c: Coordination,
  { key, newest, holders, stale }: MergedKey,
  { bucket, required }: RepairOptions,
): Promise<void> {
  if ('bucket' in newest) return append(c, newest, { held: holders.length, stale, required });
  for (const holder of holders) {
    const record = await recordAt(c, holder, bucket, key);
    if (record === undefined) continue;
    // It may hold an even newer one by now: then nobody else is known to.
    const others = compareVersions(record, newest) > 0 ? holders.filter(node => node !== holder) : [];
    return append(c, record, {
      held: holders.length - others.length,
      stale: [...stale, ...others],
      required,
    });
  }
  throw new ReadTimeoutError(required, 0);
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
  { held, stale, required }: { held: number; stale: readonly string[]; required: number },
): Promise<void> {
  if (stale.some(owner => c.logs.to(owner).isFull))
    throw new OverloadedError('too many writes wait for owners that are to be repaired; try again later');
  const text = encodeRecord(record);
  const bytes = Buffer.byteLength(text) + 1;
  let holders = held;
  let hopes = stale.length;
  return new Promise((resolve, reject) => {
    const settle = () => {
      if (holders >= required) resolve();
      else if (holders + hopes < required) reject(new ReadTimeoutError(required, holders));
    };
    for (const owner of stale)
      c.logs.to(owner).submit({
        text,
        bytes,
        acked: () => {
          hopes--;
          holders++;
          settle();
        },
        failed: () => {
          hopes--;
          settle();
        },
      });
  });
}
