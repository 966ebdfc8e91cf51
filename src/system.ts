// Clock and Random of this machine.
import { unwaited } from '#platform/timers';
import type { Clock, Random } from './ports.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, task) => ({ cancel: unwaited(delayMs, task) }),
};

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const systemRandom: Random = {
  next: () => Math.random(),
  token(length) {
    return Array.from(
      crypto.getRandomValues(new Uint8Array(length)),
      byte => ALPHABET[byte % ALPHABET.length],
    ).join('');
  },
};
