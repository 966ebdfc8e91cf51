// A seeded source of chance for simulated runs: one seed, one run.
import { SeededRandom as Seeded } from '../../src/chaos/random.js';
import type { Random } from '../../src/ports.js';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export class SeededRandom extends Seeded implements Random {
  token(length: number): string {
    return Array.from({ length }, () => ALPHABET[this.below(ALPHABET.length)]).join('');
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A generator of its own, for one part of a run: what one part draws does not change what another sees. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.next() * 2 ** 32));
  }
}
