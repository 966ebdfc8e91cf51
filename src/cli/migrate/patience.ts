// Tries again what fails because nodes are away for a while.
import { setTimeout as delay } from 'node:timers/promises';
import { DynatsError, ErrorCode } from '../../errors.js';

/** Between tries, doubled each time up to the most, in milliseconds. */
const BACKOFF_MS = 50;
const BACKOFF_MS_MAX = 2000;

const PASSING: readonly ErrorCode[] = [
  ErrorCode.Unavailable,
  ErrorCode.Overloaded,
  ErrorCode.ReadTimeout,
  ErrorCode.WriteTimeout,
];

/** Whether it may well succeed later. */
export function mayPass(error: unknown): error is DynatsError {
  return error instanceof DynatsError && PASSING.includes(error.code);
}

/** Before the try after so many that failed. */
export function backOff(tries: number): Promise<void> {
  return delay(Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** tries));
}

/** What `step` resolves to, tried again for `patienceMs` from its first failure on while nodes are away; then rejects as it did. */
export async function patiently<T>(step: () => Promise<T>, patienceMs: number): Promise<T> {
  let untilMs: number | undefined;
  for (let tries = 0; ; tries++) {
    try {
      return await step();
    } catch (error) {
      untilMs ??= performance.now() + patienceMs;
      if (!mayPass(error) || performance.now() >= untilMs) throw error;
      await backOff(tries);
    }
  }
}
