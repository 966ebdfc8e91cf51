// The coordinator API of a node: what clients and the `nats` CLI ask of it.
import type { Coordinator } from '../coordinator/coordinator.js';
import { DynatsError, ReadTimeoutError, WriteTimeoutError } from '../errors.js';
import type { Clock, Logger } from '../ports.js';
import { toErrorReply } from '../wire/error-reply.js';
import type { BatchReply, GetReply, PutReply } from '../wire/generated/types.js';
import { type Operation, parseBatch, parseOperation, type Timing } from '../wire/requests.js';

export interface Api {
  put(data: Uint8Array): Promise<PutReply | GetReply>;
  get(data: Uint8Array): Promise<PutReply | GetReply>;
  delete(data: Uint8Array): Promise<PutReply | GetReply>;
  batch(data: Uint8Array): Promise<BatchReply>;
}

/** The handlers; each rejects with a DynatsError. */
export function apiOf(coordinator: Coordinator, clock: Clock, logger: Logger): Api {
  const single = (verb: 'put' | 'get' | 'delete') => async (data: Uint8Array) => {
    const operation = parseOperation(verb, data);
    refuseLate(operation, operation, clock);
    return coordinator.execute(operation, remaining(operation, clock));
  };
  return {
    put: single('put'),
    get: single('get'),
    delete: single('delete'),
    async batch(data) {
      const { operations, ...timing } = parseBatch(data);
      const results = operations.map(async operation => {
        try {
          if (operation instanceof DynatsError) throw operation;
          refuseLate(operation, timing, clock);
          return await coordinator.execute(operation, remaining(timing, clock));
        } catch (error) {
          if (!(error instanceof DynatsError))
            logger.error({ error }, 'an operation of a batch failed unexpectedly');
          return toErrorReply(error);
        }
      });
      return { results: await Promise.all(results) };
    },
  };
}

/** A request that a frozen node finds when it wakes is not executed: its sender has long given up, or retried. */
function refuseLate(operation: Operation, timing: Timing, clock: Clock): void {
  if (timing.deadline === undefined || clock.now() <= timing.deadline) return;
  const message = 'the request arrived after its deadline and was not executed';
  throw operation.kind === 'write'
    ? new WriteTimeoutError(1, 0, message)
    : new ReadTimeoutError(1, 0, message);
}

function remaining(timing: Timing, clock: Clock): number {
  const untilDeadline =
    timing.deadline === undefined ? Number.POSITIVE_INFINITY : timing.deadline - clock.now();
  return Math.max(1, Math.min(timing.timeoutMs, untilDeadline));
}
