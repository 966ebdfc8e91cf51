// An operation as the API takes it. Built field by field: every call passes here, and copies of objects add up.
import { Level } from '../model/level.js';
import type { WireRequest } from '../wire/requests.js';
import { wireValue } from './arguments.js';
import type { OperationOptions } from './client.js';
import type { ConnectOptions } from './options.js';

/** What is asked for beside the key: of put also how long the record lives. */
export type Wanted = OperationOptions & { readonly ttlMs?: number };

/** The part that all operations have; bucket and zone are the client's where `wanted` names none. */
export function wireRequest(key: string | number, wanted: Wanted, defaults: ConnectOptions): WireRequest {
  const wire: WireRequest = { key };
  const bucket = wanted.bucket ?? defaults.bucket;
  if (bucket !== undefined) wire.bucket = bucket;
  const { level } = wanted;
  if (level !== undefined) wire.level = level;
  if (defaults.zone !== undefined && (level === undefined || level === Level.LocalQuorum))
    wire.zone = defaults.zone;
  if (wanted.session !== undefined) wire.session = wanted.session;
  if (wanted.trace === true) wire.trace = true;
  return wire;
}

/** Makes it a put. @throws InvalidRequestError */
export function addValue(wire: WireRequest, value: string | Uint8Array, { ttlMs }: Wanted): void {
  if (typeof value === 'string') wire.value = value;
  else Object.assign(wire, wireValue(value));
  if (ttlMs !== undefined) wire.ttlMs = ttlMs;
}
