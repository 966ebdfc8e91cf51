// After everything: every key once more at QUORUM. What an acknowledged write left must be there, or something newer.
import type { Operation } from '../check/history.js';
import type { Client } from '../client/client.js';
import { bucketName, sharedNowMs } from './load/order.js';

/** The client of these reads in the history. */
export const finalClient = 'final';

const batchMax = 500;
const attempts = 5;
const timeoutMs = 10_000;

export interface FinalReads {
  readonly reads: readonly Operation[];
  /** Keys that could not be read. */
  readonly unreadable: number;
}

/** Reads every key of the history. */
export async function finalReads(client: Client, history: readonly Operation[]): Promise<FinalReads> {
  let left = [...new Set(history.map(({ key }) => key))];
  const reads: Operation[] = [];
  for (let attempt = 0; attempt < attempts && left.length > 0; attempt++) {
    const unread: string[] = [];
    for (let from = 0; from < left.length; from += batchMax) {
      const keys = left.slice(from, from + batchMax);
      const startedAtMs = sharedNowMs();
      const outcomes = await client.batch(
        keys.map(key => ({ op: 'get', key, bucket: bucketName, level: 'QUORUM' })),
        { timeoutMs },
      );
      const endedAtMs = sharedNowMs();
      for (const [i, key] of keys.entries()) {
        const outcome = outcomes[i];
        if (outcome === undefined || !('found' in outcome)) {
          unread.push(key);
          continue;
        }
        const { version = null, value } = outcome;
        const times = { startedAtMs, endedAtMs };
        const read = {
          client: finalClient,
          kind: 'get',
          key,
          level: 'QUORUM',
          ...times,
          outcome: 'ok',
          version,
        } as const;
        reads.push(value === undefined ? read : { ...read, value });
      }
    }
    left = unread;
  }
  return { reads, unreadable: left.length };
}
