// Completes the failure of a call with what this client knows and no coordinator told: the version it gave the write, and
// for a call that asked for a receipt and got no answer at all, a receipt that says so.
import { DynatsError, WriteTimeoutError } from '../errors.js';
import { versionText } from '../model/record.js';
import type { Receipt } from '../wire/generated/types.js';
import type { Operation } from '../wire/requests.js';

/** @param timeoutMs how long the call waited at most. @returns the same error. */
export function explain(error: unknown, operation: Operation, timeoutMs: number): unknown {
  if (!(error instanceof DynatsError)) return error;
  const version =
    operation.kind === 'write' && operation.version !== undefined
      ? versionText(operation.version)
      : undefined;
  if (error instanceof WriteTimeoutError) error.version ??= version;
  // An earlier try of the call may have come further than the last.
  if (operation.trace === true)
    error.receipt ??= receiptOf(error.cause) ?? unanswered(error, operation, { version, timeoutMs });
  return error;
}

function receiptOf(cause: unknown): Receipt | undefined {
  return cause instanceof DynatsError ? cause.receipt : undefined;
}

function unanswered(
  error: DynatsError,
  { kind, bucket, key, level }: Operation,
  { version, timeoutMs }: { version: string | undefined; timeoutMs: number },
): Receipt {
  return {
    kind,
    bucket,
    key,
    level,
    coordinator: null,
    ...(version === undefined ? {} : { version }),
    met: false,
    why: `${error.code}: ${error.message}`,
    tookMs: timeoutMs,
    owners: [],
    hints: [],
  };
}
