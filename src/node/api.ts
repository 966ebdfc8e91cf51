// The coordinator API of a node: what clients and the `nats` CLI ask of it.
import type { Coordinator } from '../coordinator/coordinator.js';
import { attributesOf, followed, verbOf } from '../coordinator/request-spans.js';
import { DynatsError, InvalidRequestError, ReadTimeoutError } from '../errors.js';
import type { Logger, Tracer } from '../ports.js';
import { toErrorReply } from '../wire/error-reply.js';
import type {
  BatchReply,
  BucketReply,
  GetReply,
  PutReply,
  ScanReply,
  TouchReply,
} from '../wire/generated/types.js';
import { parseJson } from '../wire/json.js';
import {
  type Operation,
  parseBatch,
  parseBucket,
  parseOperation,
  parseTouch,
  type Timing,
} from '../wire/requests.js';
import { parseScan } from '../wire/scan.js';
import { traceparentsIn } from '../wire/traceparents.js';
import type { RequestCounts } from './request-counts.js';

type Header = (name: string) => string | undefined;

export interface Api {
  put(data: Uint8Array, header?: Header): Promise<PutReply | GetReply>;
  get(data: Uint8Array, header?: Header): Promise<PutReply | GetReply>;
  delete(data: Uint8Array, header?: Header): Promise<PutReply | GetReply>;
  batch(data: Uint8Array, header?: Header): Promise<BatchReply>;
  scan(data: Uint8Array): Promise<ScanReply>;
  touch(data: Uint8Array): Promise<TouchReply>;
  bucket(data: Uint8Array): Promise<BucketReply>;
}

export interface ApiOptions {
  readonly coordinator: Coordinator;
  readonly logger: Logger;
  readonly counts: RequestCounts;
  /** Where somebody traces. */
  readonly tracer?: Tracer | undefined;
  /** Largest reply, in bytes. */
  readonly maxPayload: () => number;
}

/** The handlers; each rejects with a DynatsError. */
export function apiOf({ coordinator, logger, counts, tracer, maxPayload }: ApiOptions): Api {
  const now = () => coordinator.clocks.now();
  const execute = (operation: Operation, timeoutMs: number, traceparent?: string) => {
    if (tracer === undefined) return counts.of(operation, coordinator.execute(operation, timeoutMs));
    const name = `coordinate ${verbOf(operation)}`;
    const span = tracer.begin(name, 'server', attributesOf(operation), traceparent);
    return counts.of(operation, followed(span, coordinator.execute(operation, timeoutMs, span)));
  };
  const single = (verb: 'put' | 'get' | 'delete') => async (data: Uint8Array, header?: Header) => {
    const operation = parseOperation(verb, data);
    refuseLate(operation, now());
    return execute(operation, remaining(operation, now()), traceparentsIn(header, 1)[0]);
  };
  return {
    put: single('put'),
    get: single('get'),
    delete: single('delete'),
    async scan(data) {
      const scan = parseScan(data);
      refuseLate(scan, now());
      return coordinator.scan(scan, remaining(scan, now()));
    },
    async touch(data) {
      const request = parseTouch(parseJson(data));
      refuseLate(request, now());
      return coordinator.touch(request, remaining(request, now()));
    },
    async bucket(data) {
      const { request, ...timing } = parseBucket(data);
      refuseLate(timing, now());
      return coordinator.buckets.execute(request, remaining(timing, now()));
    },
    async batch(data, header) {
      const { operations, ...timing } = parseBatch(data);
      const traceparents = header === undefined ? [] : traceparentsIn(header, operations.length);
      const results = operations.map(async (operation, i) => {
        try {
          if (operation instanceof DynatsError) throw operation;
          refuseLate(timing, now());
          return await execute(operation, remaining(timing, now()), traceparents[i]);
        } catch (error) {
          if (!(error instanceof DynatsError))
            logger.error({ error }, 'an operation of a batch failed unexpectedly');
          return toErrorReply(error);
        }
      });
      const answered = fitting(await Promise.all(results), maxPayload());
      return { results: answered, time: coordinator.hlc.current(), now: now() };
    },
  };
}

/** Fixed part of a result, beside what a client wrote, and what one of its characters may take as JSON, in bytes. */
const RESULT_BYTES = 256;
const CHARACTER_BYTES_MAX = 6;

/** The results, with those values left out, to be asked for again, that one message has no room for. */
function fitting(all: Result[], bytesMax: number): Result[] {
  const atMost = all.reduce((sum, result) => sum + RESULT_BYTES + CHARACTER_BYTES_MAX * textOf(result), 0);
  if (atMost <= bytesMax) return all;
  // Receipts are the first that can be done without.
  const results = bytesOf(all) <= bytesMax ? all : all.map(withoutReceipt);
  const isRead = (result: Result): result is GetReply => 'found' in result;
  // What a write did must be told; a value can be read again.
  let left = bytesMax - bytesOf(results.filter(result => !isRead(result)));
  let isFirst = true;
  return results.map(result => {
    if (!isRead(result)) return result;
    const bytes = bytesOf([result]);
    if (bytes > left && !isFirst) return toErrorReply(tooMany(result));
    isFirst = false;
    left -= bytes;
    return result;
  });
}

type Result = BatchReply['results'][number];

function withoutReceipt({ receipt: _, ...result }: Result): Result {
  return result;
}

function tooMany({ required, received }: GetReply): ReadTimeoutError {
  return new ReadTimeoutError(
    required,
    received,
    'one reply had no room for this value beside the others: read it again, or alone',
  );
}

function textOf(result: Result): number {
  const receipt = result.receipt === undefined ? 0 : JSON.stringify(result.receipt).length;
  if ('error' in result) return result.error.message.length + receipt;
  const value = 'found' in result ? (result.value ?? result.base64 ?? '') : '';
  return result.key.length + value.length + (result.session?.length ?? 0) + receipt;
}

function bytesOf(results: readonly Result[]): number {
  return results.reduce((sum, result) => sum + Buffer.byteLength(JSON.stringify(result)) + 1, 0);
}

/** A request that a frozen node finds when it wakes is not executed: its sender has long given up, or retried. */
function refuseLate(timing: Timing, now: number): void {
  if (timing.deadline === undefined || now <= timing.deadline) return;
  throw new InvalidRequestError(
    'deadline',
    'the deadline had passed when the request arrived; it was not executed',
  );
}

function remaining(timing: Timing, now: number): number {
  const untilDeadline = timing.deadline === undefined ? Number.POSITIVE_INFINITY : timing.deadline - now;
  return Math.max(1, Math.min(timing.timeoutMs, untilDeadline));
}
