import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvalidRequestError } from '../../src/errors.js';
import { checkScan, continuationOf, parseScan } from '../../src/wire/scan.js';
import { keyArbitrary } from '../support/keys.js';

test('an empty request means all of the default bucket at QUORUM', () => {
  assert.deepEqual(parseScan(new Uint8Array()), {
    bucket: 'default',
    range: {},
    level: 'QUORUM',
    isLevelDefault: true,
    limit: 1000,
    keysOnly: false,
    deleted: false,
    timeoutMs: 2000,
    deadline: undefined,
  });
});

test('a continuation leads behind the key it was made of', () => {
  fc.assert(
    fc.property(keyArbitrary, key => {
      assert.equal(checkScan({ next: continuationOf(key) }).range.after, key);
    }),
  );
});

test('whole numbers as bounds mean their decimal strings', () => {
  assert.deepEqual(checkScan({ from: 7, to: 70 }).range, { from: '7', to: '70' });
});

test('the zone that LOCAL_QUORUM means is taken as it is', () => {
  const { level, zone } = checkScan({ level: 'LOCAL_QUORUM', zone: 'a' });
  assert.deepEqual({ level, zone }, { level: 'LOCAL_QUORUM', zone: 'a' });
});

const invalid: readonly [string, object][] = [
  ['level', { level: 'ANY' }],
  ['level', { level: 'quorum' }],
  ['zone', { zone: 'a.b' }],
  ['bucket', { bucket: 'a.b' }],
  ['prefix', { prefix: '\u20ac'.repeat(400) }],
  ['prefix', { prefix: '\ud800' }],
  ['prefix', { prefix: 7 }],
  ['from', { from: '' }],
  ['to', { to: '\u20ac'.repeat(400) }],
  ['limit', { limit: 0 }],
  ['limit', { limit: 4097 }],
  ['next', { next: '' }],
  ['next', { next: 'not base64url!' }],
  ['next', { next: Buffer.from([0xff]).toString('base64url') }],
  ['next', { next: Buffer.from('x'.repeat(1025)).toString('base64url') }],
  ['keysOnly', { keysOnly: 'yes' }],
  ['timeoutMs', { timeoutMs: 0 }],
  ['unknown', { unknown: 1 }],
];
for (const [field, request] of invalid)
  test(`${JSON.stringify(request).slice(0, 60)} is refused by its field`, () => {
    assert.throws(
      () => checkScan(request),
      (error: unknown) => error instanceof InvalidRequestError && error.field === field,
    );
  });
