// Scan requests, checked and made plain, and the continuations that lead from one page to the next.
import { base64Url, fromBase64Url, textOf, utf8Length } from '#platform/bytes';
import { InvalidRequestError } from '../errors.js';
import type { KeyRange } from '../model/key-order.js';
import { Level } from '../model/level.js';
import * as validators from './generated/validators.js';
import { check, parseJson } from './json.js';
import { checkKey, DEFAULT_BUCKET, KEY_BYTES_MAX, TIMEOUT_MS_DEFAULT, type Timing } from './requests.js';

/** Records of a page for which nothing is asked. */
export const SCAN_LIMIT_DEFAULT = 1000;

/** One page of a scan. */
export interface Scan {
  readonly bucket: string;
  readonly range: KeyRange;
  readonly level: Level;
  /** The request named no level: the bucket's own holds, if it has one. */
  readonly isLevelDefault?: true;
  /** The zone that LOCAL_QUORUM means; the coordinator's when undefined. */
  readonly zone?: string;
  readonly limit: number;
  readonly keysOnly: boolean;
  /** Whether tombstones are wanted too. */
  readonly deleted: boolean;
}

/** Parses `dynats.scan`; nothing means everything. @throws InvalidRequestError */
export function parseScan(data: Uint8Array): Scan & Timing {
  return checkScan(data.length === 0 ? {} : parseJson(data));
}

/** Checks a request that is JSON already. @throws InvalidRequestError */
export function checkScan(json: unknown): Scan & Timing {
  const request = check(validators.scanRequest, json);
  const { bucket = DEFAULT_BUCKET, prefix, from, to, next, level = Level.Quorum } = request;
  if (level === Level.Any)
    throw new InvalidRequestError('level', 'level ANY is for writes; a read needs ONE or more');
  return {
    bucket,
    range: {
      ...(next === undefined ? {} : { after: keyOf(next) }),
      ...(from === undefined ? {} : { from: checkKey(from, 'from') }),
      ...(to === undefined ? {} : { to: checkKey(to, 'to') }),
      ...(prefix === undefined || prefix === '' ? {} : { prefix: checkPrefix(prefix) }),
    },
    level,
    ...(request.level === undefined ? { isLevelDefault: true } : {}),
    ...(request.zone === undefined ? {} : { zone: request.zone }),
    limit: request.limit ?? SCAN_LIMIT_DEFAULT,
    keysOnly: request.keysOnly ?? false,
    deleted: request.deleted ?? false,
    timeoutMs: request.timeoutMs ?? TIMEOUT_MS_DEFAULT,
    deadline: request.deadline,
  };
}

/** Behind `key`, opaque to clients. */
export function continuationOf(key: string): string {
  return base64Url(key);
}

function keyOf(next: string): string {
  const bytes = fromBase64Url(next);
  const key = textOf(bytes);
  // Anything but what `continuationOf` made.
  if (bytes.length > KEY_BYTES_MAX || continuationOf(key) !== next)
    throw new InvalidRequestError('next', 'next must be what the reply before gave as next');
  return key;
}

function checkPrefix(prefix: string): string {
  if (utf8Length(prefix) > KEY_BYTES_MAX)
    throw new InvalidRequestError('prefix', `prefix is longer than ${KEY_BYTES_MAX} bytes of UTF-8`);
  if (!prefix.isWellFormed()) throw new InvalidRequestError('prefix', 'prefix holds a lone surrogate');
  return prefix;
}
