// An operation as the API takes it. Built field by field: every call passes here, and copies of objects add up.
import { base64, utf8Length } from '#platform/bytes';
import { InvalidRequestError } from '../errors.js';
import type { Operation, Timing, Verb, WireRequest } from '../wire/requests.js';
import { zoneFor } from './arguments.js';
import type { OperationOptions } from './client.js';
import type { ConnectOptions } from './options.js';

/** What is asked for beside the key: of put also how long the record lives. */
export type Wanted = OperationOptions & { readonly ttlMs?: number };

/** One call that was found valid. */
export interface Call {
  readonly op: Verb;
  readonly checked: Operation & Timing;
  readonly wire: WireRequest;
  readonly deadlineAtMs: number;
  readonly via: string | undefined;
}

/** The part that all operations have; bucket and zone are the client's where `wanted` names none. */
export function wireRequest(key: string | number, wanted: Wanted, defaults: ConnectOptions): WireRequest {
  const wire: WireRequest = { key };
  const bucket = wanted.bucket ?? defaults.bucket;
  if (bucket !== undefined) wire.bucket = bucket;
  const { level } = wanted;
  if (level !== undefined) wire.level = level;
  const zone = zoneFor(level, defaults);
  if (zone !== undefined) wire.zone = zone;
  if (wanted.session !== undefined) wire.session = wanted.session;
  if (wanted.trace === true) wire.trace = true;
  return wire;
}

/** Makes it a put: text is stored as text, bytes as bytes. @throws InvalidRequestError */
export function addValue(wire: WireRequest, value: string | Uint8Array, { ttlMs }: Wanted): void {
  if (typeof value === 'string') wire.value = value;
  else if (value instanceof Uint8Array) wire.base64 = base64(value);
  else throw new InvalidRequestError('value', 'value must be a string or a Uint8Array');
  if (ttlMs !== undefined) wire.ttlMs = ttlMs;
}

/**
 * A message that is too large never leaves this process, and would look like one nobody answers.
 *
 * @param field that made it so. @param maxPayload of the broker, in bytes. @throws InvalidRequestError
 */
export function checkFits(text: string, field: string, maxPayload: number): void {
  // No character takes more than three bytes.
  if (text.length * 3 <= maxPayload) return;
  const bytes = utf8Length(text);
  if (bytes > maxPayload)
    throw new InvalidRequestError(
      field,
      `${field} is too large: the request takes ${bytes} bytes as JSON; the broker's max_payload allows ${maxPayload}`,
    );
}
