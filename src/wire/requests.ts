// Requests of the coordinator API, checked and made plain: defaults filled in, keys as strings.
import { utf8Length } from '#platform/bytes';
import { InvalidRequestError } from '../errors.js';
import { Level } from '../model/level.js';
import type { BucketRequest } from './generated/types.js';
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

export type Verb = 'put' | 'get' | 'delete';

interface Timed {
  timeoutMs?: number;
  deadline?: number;
}

/** What put-request, get-request, delete-request and the operations of a batch have in common, or may have. */
export interface WireRequest {
  key: string | number;
  bucket?: string;
  level?: Level;
  zone?: string;
  session?: string;
  trace?: boolean;
  value?: string;
  base64?: string;
  ttlMs?: number;
  time?: number;
  writer?: string;
  timeoutMs?: number;
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

const OF_VERB: Record<Verb, validators.Validator<WireRequest & Timed>> = {
  put: validators.putRequest,
  get: validators.getRequest,
  delete: validators.deleteRequest,
};

/** Parses `dynats.put`, `.get` and `.delete`. @throws InvalidRequestError */
export function parseOperation(verb: Verb, data: Uint8Array): Operation & Timing {
  return checkOperation(verb, parseJson(data));
}

/** Checks a request that is JSON already: the rules are the same wherever it comes from. @throws InvalidRequestError */
export function checkOperation(verb: Verb, json: unknown): Operation & Timing {
  const request = check(OF_VERB[verb], json);
  return timed(operation(verb, request, ''), request);
}

/** Parses `dynats.touch`. @throws InvalidRequestError */
export function parseTouch(json: unknown): TouchOperation & Timing {
  const { ttlMs, ...request } = check(validators.touchRequest, json);
  const { bucket, key, level, zone, isLevelDefault } = operation('get', request, '');
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
        return operation(op.op, op, `operations[${i}].`);
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

function timed(checked: Operation, request: Timed): Operation & Timing {
  const result = checked as Operation & { -readonly [Field in keyof Timing]: Timing[Field] };
  result.timeoutMs = request.timeoutMs ?? TIMEOUT_MS_DEFAULT;
  result.deadline = request.deadline;
  return result;
}

/** @param at where the operation stands, to name its fields. */
function operation(verb: Verb, wire: WireRequest, at: string): Operation {
  const key = checkKey(wire.key, `${at}key`);
  const checked: Mutable<WriteRequest> | Mutable<ReadRequest> = {
    kind: verb === 'get' ? 'read' : 'write',
    bucket: wire.bucket ?? DEFAULT_BUCKET,
    key,
    level: wire.level ?? Level.Quorum,
  };
  if (wire.level === undefined) checked.isLevelDefault = true;
  if (wire.zone !== undefined) checked.zone = wire.zone;
  if (wire.session !== undefined) checked.session = wire.session;
  if (wire.trace === true) checked.trace = true;
  if (checked.kind === 'read') {
    if (checked.level === Level.Any)
      throw new InvalidRequestError(`${at}level`, 'level ANY is for writes; a read needs ONE or more');
    return checked;
  }
  if (wire.time !== undefined && wire.writer !== undefined)
    checked.version = { time: wire.time, writer: wire.writer };
  if (verb === 'put') addContent(checked, wire, at);
  return checked;
}

function addContent(checked: Mutable<WriteRequest>, wire: WireRequest, at: string): void {
  if (wire.ttlMs !== undefined) checked.ttlMs = wire.ttlMs;
  if (wire.base64 !== undefined) {
    const padding = wire.base64.endsWith('==') ? 2 : wire.base64.endsWith('=') ? 1 : 0;
    checkSize((wire.base64.length * 3) / 4 - padding, `${at}base64`);
    checked.base64 = wire.base64;
    return;
  }
  const value = wire.value ?? '';
  if (!value.isWellFormed())
    throw new InvalidRequestError(`${at}value`, `${at}value holds a lone surrogate; send it as base64`);
  // No character takes more than three bytes.
  if (value.length * 3 > VALUE_BYTES_MAX) checkSize(utf8Length(value), `${at}value`);
  checked.value = value;
}

/** A request's key as the string it means. @throws InvalidRequestError */
export function checkKey(key: string | number, field: string): string {
  const text = typeof key === 'number' ? String(key === 0 ? 0 : key) : key;
  if (text === '')
    throw new InvalidRequestError(field, `${field} is empty; 1 to ${KEY_BYTES_MAX} bytes are allowed`);
  if (utf8Length(text) > KEY_BYTES_MAX)
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
