// Requests of the coordinator API, checked and made plain: defaults filled in, keys as strings.
import { InvalidRequestError } from '../errors.js';
import { Level } from '../model/level.js';
import type { BatchRequest, BucketRequest } from './generated/types.js';
import * as validators from './generated/validators.js';
import { check, parseJson } from './json.js';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.js';

export { KEY_BYTES_MAX, VALUE_BYTES_MAX };

/** Deadline of a request that names none, in milliseconds. */
export const TIMEOUT_MS_DEFAULT = 2000;
/** Of a request that makes or changes a bucket: making one anew takes some seconds. */
export const BUCKET_TIMEOUT_MS_DEFAULT = 10_000;
export const DEFAULT_BUCKET = 'default';

export interface WriteRequest {
  readonly kind: 'write';
  readonly bucket: string;
  readonly key: string;
  readonly level: Level;
  /** The zone that LOCAL_QUORUM means; the coordinator's when undefined. */
  readonly zone?: string;
  /** The request named no level: the bucket's own holds, if it has one. */
  readonly isLevelDefault?: true;
  /** Text, or bytes in base64; neither for a delete. */
  readonly value?: string;
  readonly base64?: string;
  /** How long the record lives, from its version's time; undefined: as the bucket says. */
  readonly ttlMs?: number;
  /** The end of the record's life, microseconds since 1970, in place of `ttlMs`. */
  readonly expiresAt?: number;
  /** The version a client issued; the coordinator issues one when undefined. */
  readonly version?: { time: number; writer: string };
  /** Token of the session it belongs to; empty begins one. */
  readonly session?: string;
  /** The reply, or the error, carries a receipt. */
  readonly trace?: boolean;
}

export interface ReadRequest {
  readonly kind: 'read';
  readonly bucket: string;
  readonly key: string;
  readonly level: Level;
  /** The zone that LOCAL_QUORUM means; the coordinator's when undefined. */
  readonly zone?: string;
  readonly session?: string;
  readonly trace?: boolean;
  readonly isLevelDefault?: true;
}

export interface TouchOperation {
  readonly bucket: string;
  readonly key: string;
  readonly level: Level;
  readonly zone?: string;
  readonly isLevelDefault?: true;
  readonly ttlMs?: number;
}

export interface Timing {
  readonly timeoutMs: number;
  /** Milliseconds since 1970 after which nobody waits for an answer any more. */
  readonly deadline: number | undefined;
}

export type Operation = WriteRequest | ReadRequest;

const NO_EXTRAS = {};

export type Verb = 'put' | 'get' | 'delete';

interface Timed {
  timeoutMs?: number;
  deadline?: number;
}

type WireOperation = BatchRequest['operations'][number];

/** Parses `dynats.put`, `.get` and `.delete`. @throws InvalidRequestError */
export function parseOperation(verb: Verb, data: Uint8Array): Operation & Timing {
  return checkOperation(verb, parseJson(data));
}

/** Checks a request that is JSON already: the rules are the same wherever it comes from. @throws InvalidRequestError */
export function checkOperation(verb: Verb, json: unknown): Operation & Timing {
  switch (verb) {
    case 'put': {
      const request = check(validators.putRequest, json);
      return { ...operation({ op: 'put', ...request }, ''), ...timing(request) };
    }
    case 'get': {
      const request = check(validators.getRequest, json);
      return { ...operation({ op: 'get', ...request }, ''), ...timing(request) };
    }
    case 'delete': {
      const request = check(validators.deleteRequest, json);
      return { ...operation({ op: 'delete', ...request }, ''), ...timing(request) };
    }
  }
}

/** Parses `dynats.touch`. @throws InvalidRequestError */
export function parseTouch(json: unknown): TouchOperation & Timing {
  const { ttlMs, ...request } = check(validators.touchRequest, json);
  const { bucket, key, level, zone, isLevelDefault } = operation({ op: 'get', ...request }, '');
  return {
    bucket,
    key,
    level,
    ...(zone === undefined ? {} : { zone }),
    ...(isLevelDefault === undefined ? {} : { isLevelDefault }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...timing(request),
  };
}

/** Parses `dynats.bucket`. @throws InvalidRequestError */
export function parseBucket(data: Uint8Array): { request: BucketRequest } & Timing {
  const request = check(validators.bucketRequest, parseJson(data));
  return { request, ...timing({ timeoutMs: BUCKET_TIMEOUT_MS_DEFAULT, ...request }) };
}

/**
 * Parses `dynats.batch`. An operation that is not valid fails alone: its place holds the error.
 *
 * @throws InvalidRequestError when the message as a whole is not valid.
 */
export function parseBatch(data: Uint8Array): Timing & { operations: (Operation | InvalidRequestError)[] } {
  const request = check(validators.batchRequest, parseJson(data));
  return {
    ...timing(request),
    operations: request.operations.map((op, i) => {
      try {
        return operation(op, `operations[${i}].`);
      } catch (error) {
        if (error instanceof InvalidRequestError) return error;
        throw error;
      }
    }),
  };
}

function timing(request: Timed): Timing {
  return { timeoutMs: request.timeoutMs ?? TIMEOUT_MS_DEFAULT, deadline: request.deadline };
}

/** @param at where the operation stands, to name its fields. */
function operation(wire: WireOperation, at: string): Operation {
  const bucket = wire.bucket ?? DEFAULT_BUCKET;
  const key = checkKey(wire.key, `${at}key`);
  const level =
    wire.level === undefined
      ? ({ level: Level.Quorum, isLevelDefault: true } as const)
      : { level: wire.level };
  if (wire.op === 'get') {
    if (level.level === Level.Any)
      throw new InvalidRequestError(`${at}level`, 'level ANY is for writes; a read needs ONE or more');
    return { kind: 'read', bucket, key, ...level, ...extras(wire) };
  }
  const version =
    wire.time === undefined || wire.writer === undefined
      ? extras(wire)
      : { ...extras(wire), version: { time: wire.time, writer: wire.writer } };
  if (wire.op === 'delete') return { kind: 'write', bucket, key, ...level, ...version };
  const ttl = wire.ttlMs === undefined ? {} : { ttlMs: wire.ttlMs };
  if (wire.base64 !== undefined) {
    checkSize(
      (wire.base64.length * 3) / 4 - (wire.base64.endsWith('==') ? 2 : wire.base64.endsWith('=') ? 1 : 0),
      `${at}base64`,
    );
    return { kind: 'write', bucket, key, ...level, base64: wire.base64, ...ttl, ...version };
  }
  const value = wire.value ?? '';
  if (!value.isWellFormed())
    throw new InvalidRequestError(`${at}value`, `${at}value holds a lone surrogate; send it as base64`);
  checkSize(Buffer.byteLength(value), `${at}value`);
  return { kind: 'write', bucket, key, ...level, value, ...ttl, ...version };
}

/** Nothing for most requests, which name no zone, belong to no session and ask for no receipt. */
function extras({ zone, session, trace }: WireOperation): Pick<ReadRequest, 'zone' | 'session' | 'trace'> {
  if (zone === undefined && session === undefined && trace !== true) return NO_EXTRAS;
  return {
    ...(zone === undefined ? {} : { zone }),
    ...(session === undefined ? {} : { session }),
    ...(trace === true ? { trace } : {}),
  };
}

/** A request's key as the string it means. @throws InvalidRequestError */
export function checkKey(key: string | number, field: string): string {
  const text = typeof key === 'number' ? String(key === 0 ? 0 : key) : key;
  if (text === '')
    throw new InvalidRequestError(field, `${field} is empty; 1 to ${KEY_BYTES_MAX} bytes are allowed`);
  if (Buffer.byteLength(text) > KEY_BYTES_MAX)
    throw new InvalidRequestError(field, `${field} is longer than ${KEY_BYTES_MAX} bytes of UTF-8`);
  // Two different lone surrogates become the same bytes: two keys would be one.
  if (!text.isWellFormed()) throw new InvalidRequestError(field, `${field} holds a lone surrogate`);
  return text;
}

function checkSize(bytes: number, field: string): void {
  if (bytes > VALUE_BYTES_MAX)
    throw new InvalidRequestError(
      field,
      `${field} has ${bytes} bytes, more than the limit of ${VALUE_BYTES_MAX}`,
    );
}
