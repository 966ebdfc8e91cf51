// Failures on the wire: the JSON body and headers of an error reply, and back into typed errors.
import {
  ClosedError,
  DynatsError,
  ErrorCode,
  ForbiddenError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  ReadTimeoutError,
  UnavailableError,
  WriteTimeoutError,
} from '../errors.js';
import type { ErrorReply } from './generated/types.js';

/** HTTP-like numbers of ADR-32's `Nats-Service-Error-Code`. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  UNAVAILABLE: 503,
  WRITE_TIMEOUT: 504,
  READ_TIMEOUT: 504,
  OVERLOADED: 429,
  INVALID_REQUEST: 400,
  FORBIDDEN: 403,
  CLOSED: 503,
  INTERNAL: 500,
};

const MESSAGE_MAX = 2000;

export function toErrorReply(error: unknown): ErrorReply {
  const known =
    error instanceof DynatsError
      ? error
      : new InternalError('the node failed to handle the request; see its log');
  const reply: ErrorReply['error'] = {
    code: known.code,
    message: known.message.slice(0, MESSAGE_MAX),
    effect: known.effect,
  };
  if (known instanceof UnavailableError)
    Object.assign(reply, { required: known.required, alive: known.alive, ...zoneOf(known) });
  if (known instanceof WriteTimeoutError)
    Object.assign(reply, { required: known.required, acked: known.acked, ...zoneOf(known) });
  if (known instanceof ReadTimeoutError)
    Object.assign(reply, { required: known.required, received: known.received, ...zoneOf(known) });
  if (known instanceof InvalidRequestError) reply.field = known.field;
  if (known instanceof WriteTimeoutError && known.version !== undefined) reply.version = known.version;
  return known.receipt === undefined ? { error: reply } : { error: reply, receipt: known.receipt };
}

function zoneOf({ zone }: { zone?: string | undefined }): { zone?: string } {
  return zone === undefined ? {} : { zone };
}

/** Headers of an error reply (ADR-32); values are one line of printable ASCII (ADR-4). */
export function errorHeaders(reply: ErrorReply): Record<string, string> {
  return {
    'Nats-Service-Error': `${reply.error.code}: ${reply.error.message}`
      .replace(/[^\x20-\x7e]/g, '?')
      .slice(0, 500),
    'Nats-Service-Error-Code': String(STATUS[reply.error.code]),
  };
}

export function fromErrorReply(reply: ErrorReply): DynatsError {
  const error = errorOf(reply);
  if (reply.receipt !== undefined) error.receipt = reply.receipt;
  if (error instanceof WriteTimeoutError && reply.error.version !== undefined)
    error.version = reply.error.version;
  return error;
}

function errorOf({ error }: ErrorReply): DynatsError {
  const required = error.required ?? 0;
  switch (error.code) {
    case ErrorCode.Unavailable:
      return new UnavailableError(required, error.alive ?? 0, error.message, zoneOf(error));
    case ErrorCode.WriteTimeout:
      return new WriteTimeoutError(required, error.acked ?? 0, error.message, zoneOf(error));
    case ErrorCode.ReadTimeout:
      return new ReadTimeoutError(required, error.received ?? 0, error.message, zoneOf(error));
    case ErrorCode.Overloaded:
      return new OverloadedError(error.message);
    case ErrorCode.InvalidRequest:
      return new InvalidRequestError(error.field ?? '', error.message);
    case ErrorCode.Forbidden:
      return new ForbiddenError(error.message);
    case ErrorCode.Closed:
      return new ClosedError(error.message, error.effect);
    case ErrorCode.Internal:
      return new InternalError(error.message, error.effect);
  }
}
