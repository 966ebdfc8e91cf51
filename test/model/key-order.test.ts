import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareKeys, isBehind, startOf } from '../../src/model/key-order.js';
import { keyArbitrary, rangeArbitrary } from '../support/keys.js';

const bytesOf = (key: string) => Buffer.from(key);

test('keys are ordered as their UTF-8 bytes are', () => {
  fc.assert(
    fc.property(keyArbitrary, keyArbitrary, (a, b) => {
      assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(bytesOf(a), bytesOf(b)));
    }),
  );
});

test('a character above U+FFFF comes behind one below, though its UTF-16 units are smaller', () => {
  assert.ok(compareKeys('\u{10000}', '\uffff') > 0);
  assert.ok('\u{10000}' < '\uffff');
});

test('a range holds the keys that all its bounds allow', () => {
  fc.assert(
    fc.property(keyArbitrary, rangeArbitrary, (key, range) => {
      const { after, from, to, prefix } = range;
      const isAllowed =
        (after === undefined || Buffer.compare(bytesOf(key), bytesOf(after)) > 0) &&
        (from === undefined || Buffer.compare(bytesOf(key), bytesOf(from)) >= 0) &&
        (to === undefined || Buffer.compare(bytesOf(key), bytesOf(to)) < 0) &&
        (prefix === undefined || key.startsWith(prefix));
      const start = startOf(range);
      const order = compareKeys(key, start.key);
      const isStarted = start.isInside ? order >= 0 : order > 0;
      assert.equal(isStarted && !isBehind(key, range), isAllowed);
    }),
    { numRuns: 1000 },
  );
});
