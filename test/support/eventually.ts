// Waiting in live tests for what can only be asked for: polling with a deadline, never a fixed sleep.
import { setTimeout as sleep } from 'node:timers/promises';

const PERIOD_MS = 20;

export interface Eventually {
  readonly deadlineMs: number;
  /** What is waited for: the failure names it. */
  readonly what: string;
}

/**
 * Calls `check` until it neither throws nor returns false, and resolves to what it returned.
 *
 * @throws after `deadlineMs`, with the last failure as its cause.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { deadlineMs, what }: Eventually,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    let failure: unknown = new Error('it was not so');
    try {
      const found = await check();
      if (found !== false) return found;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= end) {
      const why = failure instanceof Error ? failure.message : String(failure);
      throw new Error(`not within ${deadlineMs} ms: ${what} (${why})`, { cause: failure });
    }
    await sleep(PERIOD_MS);
  }
}
