// Many keys in one call: each with an outcome of its own, in the order given; none is thrown.
import { DynatsError } from '../errors.js';
import type { PutReply } from '../wire/generated/types.js';
import { ttlOf } from './arguments.js';
import type { Client, PutOptions, RequestOptions } from './client.js';
import { Entry } from './entry.js';

/** An entry, undefined where the key is absent or deleted, or why the read failed. */
export type Got = Entry | undefined | DynatsError;

/** What became of one of many puts. */
export type Put = PutReply | DynatsError;

export async function getMany(
  client: Pick<Client, 'batch'>,
  keys: Iterable<string | number>,
  options: RequestOptions & { bucket: string },
): Promise<Got[]> {
  const outcomes = await client.batch(
    Array.from(keys, key => ({ op: 'get' as const, key })),
    options,
  );
  return outcomes.map(outcome => {
    if (outcome instanceof DynatsError) return outcome;
    if (!('found' in outcome)) throw new TypeError('a read was answered with the reply to a write');
    const { found, key, version = '', value, base64 } = outcome;
    return found ? new Entry(options.bucket, key, version, value, base64) : undefined;
  });
}

export async function putMany(
  client: Pick<Client, 'batch'>,
  entries: Iterable<readonly [key: string | number, value: string | Uint8Array]>,
  options: PutOptions,
): Promise<Put[]> {
  const outcomes = await client.batch(
    Array.from(entries, ([key, value]) => ({ op: 'put' as const, key, value, ...ttlOf(options) })),
    options,
  );
  return outcomes.map(outcome => {
    if (outcome instanceof DynatsError || 'acked' in outcome) return outcome;
    throw new TypeError('a write was answered with the reply to a read');
  });
}
