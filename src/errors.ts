// The whole taxonomy of expected failures. A `code` is stable; a message is for people.
import type { Receipt } from './wire/generated/types.js';

/** What went wrong, for programs: these do not change, messages may. */
export const ErrorCode = {
  Unavailable: 'UNAVAILABLE',
  WriteTimeout: 'WRITE_TIMEOUT',
  ReadTimeout: 'READ_TIMEOUT',
  Overloaded: 'OVERLOADED',
  InvalidRequest: 'INVALID_REQUEST',
  Forbidden: 'FORBIDDEN',
  Closed: 'CLOSED',
  Internal: 'INTERNAL',
} as const;
/** What went wrong, for programs: these do not change, messages may. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** What the caller may conclude: `none`, nothing was or will be stored; `unknown`, the write may still surface. */
export type Effect = 'none' | 'unknown';

/** The base of every failure a caller should expect. A bug is an AssertionError, a bad argument of the API a TypeError. */
export class DynatsError extends Error {
  override name = 'DynatsError';
  /** How the request was carried out, when it asked for that. */
  receipt: Receipt | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly effect: Effect,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Of an error that counts owners. */
export interface CountErrorOptions extends ErrorOptions {
  /** The zone whose owners are counted; undefined when all are. */
  zone?: string | undefined;
}

const inZone = ({ zone }: CountErrorOptions = {}): string => (zone === undefined ? '' : ` in zone ${zone}`);

/** Fewer owners alive than the level needs. Nothing was sent anywhere. */
export class UnavailableError extends DynatsError {
  override name = 'UnavailableError';
  /** The zone that has too few, of a level that counts owners by zone. */
  readonly zone: string | undefined;
  constructor(
    readonly required: number,
    readonly alive: number,
    message?: string,
    options?: CountErrorOptions,
  ) {
    super(
      ErrorCode.Unavailable,
      message ??
        `the level needs ${required} owner${required === 1 ? '' : 's'} of the key${inZone(options)}, ${alive} alive`,
      'none',
      options,
    );
    this.zone = options?.zone;
  }
}

/** Too few acks before the deadline: the write may surface later, once. Retry with the same version to be sure. */
export class WriteTimeoutError extends DynatsError {
  override name = 'WriteTimeoutError';
  /** The zone that has too few, of a level that counts owners by zone. */
  readonly zone: string | undefined;
  /** The version that may surface, when it is known. */
  version: string | undefined;

  constructor(
    readonly required: number,
    readonly acked: number,
    message?: string,
    options?: CountErrorOptions,
  ) {
    super(
      ErrorCode.WriteTimeout,
      message ??
        `${acked} of ${required} required owners${inZone(options)} stored the write in time; it may still surface`,
      'unknown',
      options,
    );
    this.zone = options?.zone;
  }
}

/** Too few answers, or too few acks of a read repair, before the deadline. */
export class ReadTimeoutError extends DynatsError {
  override name = 'ReadTimeoutError';
  /** The zone that has too few, of a level that counts owners by zone. */
  readonly zone: string | undefined;
  constructor(
    readonly required: number,
    readonly received: number,
    message?: string,
    options?: CountErrorOptions,
  ) {
    super(
      ErrorCode.ReadTimeout,
      message ?? `${received} of ${required} required owners${inZone(options)} answered in time`,
      'none',
      options,
    );
    this.zone = options?.zone;
  }
}

/** A bounded queue is full; refused before anything was sent. */
export class OverloadedError extends DynatsError {
  override name = 'OverloadedError';
  constructor(message: string, options?: ErrorOptions) {
    super(ErrorCode.Overloaded, message, 'none', options);
  }
}

/** A request, message or configuration that is not valid; `field` names the part at fault, '' the whole. */
export class InvalidRequestError extends DynatsError {
  override name = 'InvalidRequestError';
  constructor(
    readonly field: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(ErrorCode.InvalidRequest, message, 'none', options);
  }
}

/** The brokers let this user not do that: its permissions are for other work. */
export class ForbiddenError extends DynatsError {
  override name = 'ForbiddenError';
  constructor(message: string, options?: ErrorOptions) {
    super(ErrorCode.Forbidden, message, 'none', options);
  }
}

/** The client or node was closed before or during the call. */
export class ClosedError extends DynatsError {
  override name = 'ClosedError';
  constructor(message = 'closed', effect: Effect = 'none', options?: ErrorOptions) {
    super(ErrorCode.Closed, message, effect, options);
  }
}

/** A defect or a failure nobody expected, reported by a node. */
export class InternalError extends DynatsError {
  override name = 'InternalError';
  constructor(message: string, effect: Effect = 'unknown', options?: ErrorOptions) {
    super(ErrorCode.Internal, message, effect, options);
  }
}
