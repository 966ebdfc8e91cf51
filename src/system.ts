// Clock and Random of this machine.
import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './ports.js';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    if (delayMs === 0) {
      const immediate = setImmediate(task);
      immediate.unref();
      return { cancel: () => clearImmediate(immediate) };
    }
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const systemRandom: Random = {
  next: () => Math.random(),
  token(length) {
    return Array.from(randomBytes(length), byte => ALPHABET[byte % ALPHABET.length]).join('');
  },
};
