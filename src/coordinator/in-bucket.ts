// What a request for a bucket means: the life its records are of, and the bucket's settings where the request says nothing.
import { InvalidRequestError } from '../errors.js';
import type { Level } from '../model/level.js';
import type { ReadRequest, WriteRequest } from '../wire/requests.js';
import type { Scan } from '../wire/scan.js';
import type { Bucket } from './catalog.js';

export function readFrom<Request extends ReadRequest | Scan>(
  { life, definition }: Bucket,
  request: Request,
): Request {
  return { ...request, bucket: life, level: levelOf(request, definition.level) };
}

/** @throws InvalidRequestError when the bucket takes no value of this size. */
export function writeInto({ name, life, definition }: Bucket, request: WriteRequest): WriteRequest {
  const { value, base64 } = request;
  const isDelete = value === undefined && base64 === undefined;
  const { valueBytesMax } = definition;
  const bytes = value === undefined ? base64Bytes(base64 ?? '') : Buffer.byteLength(value);
  if (valueBytesMax !== undefined && bytes > valueBytesMax)
    throw new InvalidRequestError(
      value === undefined ? 'base64' : 'value',
      `the value has ${bytes} bytes, more than the limit of ${valueBytesMax} of bucket ${name}`,
    );
  const ttlMs = request.ttlMs ?? definition.ttlMs;
  const isMortal = !isDelete && ttlMs !== undefined && request.expiresAt === undefined;
  return {
    ...request,
    bucket: life,
    level: levelOf(request, definition.level),
    ...(isMortal ? { ttlMs } : {}),
  };
}

function levelOf(request: ReadRequest | WriteRequest | Scan, own: Level | undefined): Level {
  return request.isLevelDefault === true ? (own ?? request.level) : request.level;
}

function base64Bytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length * 3) / 4 - padding;
}
