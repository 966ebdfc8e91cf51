// A node that gives no answer in time, which one that is down is not: of that the broker says that nobody listens.
import { UnavailableError } from '../../errors.js';
import { BusError } from '../../ports.js';

/** @param error what a question to one node failed with. */
export function isLate(error: unknown): boolean {
  return (
    error instanceof UnavailableError && error.cause instanceof BusError && error.cause.kind === 'timeout'
  );
}
