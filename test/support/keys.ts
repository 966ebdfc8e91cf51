// Keys and ranges of them for property tests: short, from few characters of every length in UTF-8, so that prefixes, equal
// keys and surrogate pairs are common.
import fc from 'fast-check';
import type { KeyRange } from '../../src/model/key-order.js';

const character = fc.constantFrom(
  'a',
  'b',
  '0',
  '\u00e9',
  '\u20ac',
  '\uffff',
  '\ue000',
  '\u{10000}',
  '\u{1f600}',
);

export const keyArbitrary: fc.Arbitrary<string> = fc
  .array(character, { minLength: 1, maxLength: 4 })
  .map(characters => characters.join(''));

export const rangeArbitrary: fc.Arbitrary<KeyRange> = fc.record(
  {
    after: keyArbitrary,
    from: keyArbitrary,
    to: keyArbitrary,
    prefix: fc.array(character, { maxLength: 2 }).map(characters => characters.join('')),
  },
  { requiredKeys: [] },
);
