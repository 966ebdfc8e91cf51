// Mode `direct`: this process coordinates, with the coordinator the nodes use. A try that failed while the connection or an
// owner was changing hands is repeated under its version until the call's deadline.
import type { Coordinator } from '../coordinator/coordinator.js';
import { DynatsError, ReadTimeoutError, UnavailableError, WriteTimeoutError } from '../errors.js';
import type { Span } from '../ports.js';
import type { GetReply, PutReply } from '../wire/generated/types.js';
import type { Operation } from '../wire/requests.js';
import { within } from './within.js';

/** Between tries, in milliseconds. */
const BACKOFF_MS = 20;

export interface DirectOptions {
  readonly coordinator: Coordinator;
  /** Whether the nodes' heartbeats may not have reached this client since its connection was lost. */
  readonly isOutOfTouch: () => boolean;
  /**
   * Told when too few nodes seem to be alive: it may be the server that hangs, over which their heartbeats come. Resolves when
   * that is known, and a server that hangs has been left.
   */
  readonly onUnavailable?: () => Promise<void>;
}

export class DirectRequests {
  constructor(private readonly options: DirectOptions) {}

  /** @param deadlineAtMs on the monotonic clock. Rejects with a DynatsError. */
  execute(operation: Operation, deadlineAtMs: number, span?: Span): Promise<PutReply | GetReply> {
    const { coordinator } = this.options;
    const leftMs = deadlineAtMs - performance.now();
    return coordinator
      .execute(operation, Math.max(1, leftMs), span)
      .catch((error: unknown) => this.goOn(operation, deadlineAtMs, error, span));
  }

  /** After a first try that failed. */
  private async goOn(
    operation: Operation,
    deadlineAtMs: number,
    failure: unknown,
    span: Span | undefined,
  ): Promise<PutReply | GetReply> {
    const { coordinator, isOutOfTouch, onUnavailable } = this.options;
    let timedOut: WriteTimeoutError | undefined;
    for (let error = failure; ; ) {
      const isLate = error instanceof WriteTimeoutError || error instanceof ReadTimeoutError;
      if (error instanceof WriteTimeoutError) timedOut = error;
      if (error instanceof UnavailableError && onUnavailable !== undefined)
        await within(onUnavailable(), deadlineAtMs - performance.now());
      const mayPass = isLate || (error instanceof UnavailableError && isOutOfTouch());
      // Refusals come without a wait: who asks again and again would keep this process from hearing that nodes are back.
      if (error instanceof UnavailableError) await new Promise(done => setImmediate(done));
      if (!mayPass || deadlineAtMs - performance.now() <= 2 * BACKOFF_MS)
        throw timedOut === undefined ? error : unknown(error, timedOut);
      await new Promise(done => setTimeout(done, BACKOFF_MS));
      try {
        return await coordinator.execute(operation, Math.max(1, deadlineAtMs - performance.now()), span);
      } catch (again) {
        error = again;
      }
    }
  }
}

/** A refusal, whatever its reason, does not undo what an earlier try may have done. */
function unknown(error: unknown, { required, version }: WriteTimeoutError): unknown {
  if (!(error instanceof DynatsError) || error.effect === 'unknown') return error;
  const told = new WriteTimeoutError(required, 0, undefined, { cause: error });
  told.version = version;
  return told;
}
