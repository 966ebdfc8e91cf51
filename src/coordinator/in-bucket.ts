// What a request for a bucket means: the life its records are of, and the bucket's settings where the request says nothing.
import { utf8Length } from '#platform/bytes';
import { InvalidRequestError } from '../errors.js';
import type { Level } from '../model/level.js';
import type { ReadRequest, WriteRequest } from '../wire/requests.js';
import type { Scan } from '../wire/scan.js';
import type { Bucket } from './catalog.js';

export function readFrom<Request extends ReadRequest | Scan>(
  { life, definition }: Bucket,
  request: Request,
): Request {
  const level = levelOf(request, definition.level);
  return life === request.bucket && level === request.level ? request : { ...request, bucket: life, level };
}

/** @throws InvalidRequestError when the bucket takes no value of this size. */
export function writeInto({ name, life, definition }: Bucket, request: WriteRequest): WriteRequest {
  const { value, base64 } = request;
  const isDelete = value === undefined && base64 === undefined;
  const { valueBytesMax } = definition;
  if (valueBytesMax !== undefined) {
    const bytes = value === undefined ? base64Bytes(base64 ?? '') : utf8Length(value);
    if (bytes > valueBytesMax)
      throw new InvalidRequestError(
        value === undefined ? 'base64' : 'value',
        `the value has ${bytes} bytes, more than the limit of ${valueBytesMax} of bucket ${name}`,
      );
  }
  const level = levelOf(request, definition.level);
  const ttlMs = request.ttlMs ?? definition.ttlMs;
  const isMortal = !isDelete && ttlMs !== undefined && request.expiresAt === undefined;
  if (life === request.bucket && level === request.level && !isMortal) return request;
  return { ...request, bucket: life, level, ...(isMortal ? { ttlMs } : {}) };
}

function levelOf(request: ReadRequest | WriteRequest | Scan, own: Level | undefined): Level {
  return request.isLevelDefault === true ? (own ?? request.level) : request.level;
}

function base64Bytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length * 3) / 4 - padding;
}
