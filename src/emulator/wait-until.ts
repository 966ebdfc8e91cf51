// Waiting for something that can only be asked for, not heard.
import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again every `everyMs` until `check` is true or `limitMs` have passed; resolves to whether it became true. */
export async function waitUntil(
  check: () => boolean | Promise<boolean>,
  { limitMs, everyMs = 15 }: { limitMs: number; everyMs?: number },
): Promise<boolean> {
  const end = performance.now() + limitMs;
  for (;;) {
    if (await check()) return true;
    if (performance.now() >= end) return false;
    await sleep(everyMs);
  }
}
