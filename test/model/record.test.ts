import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareRecords, compareVersions, isGone, tombstoneOf, versionText } from '../../src/model/record.js';
import { recordArbitrary as arbitrary } from '../support/records.js';

const sign = Math.sign;

test('the order of records is total: any two are ordered one way, and equal only when they are the same', () => {
  fc.assert(
    fc.property(arbitrary, arbitrary, (a, b) => {
      assert.equal(sign(compareRecords(a, b)) + sign(compareRecords(b, a)), 0);
      if (compareRecords(a, b) === 0) assert.deepEqual({ ...a, key: '' }, { ...b, key: '' });
    }),
  );
});

test('the order of records is transitive', () => {
  fc.assert(
    fc.property(arbitrary, arbitrary, arbitrary, (a, b, c) => {
      const [low, middle, high] = [a, b, c].sort(compareRecords);
      assert.ok(low && middle && high && compareRecords(low, high) <= 0 && compareRecords(middle, high) <= 0);
    }),
  );
});

const base = { bucket: 'default', key: 'k', time: 5, writer: 'a' };
const table: [string, Parameters<typeof compareRecords>[0], Parameters<typeof compareRecords>[1]][] = [
  ['the larger time wins over a delete', { ...base, time: 6, value: '' }, { ...base, deleted: true }],
  [
    'on a tie the delete wins over the larger writer',
    { ...base, deleted: true },
    { ...base, writer: 'b', value: 'v' },
  ],
  [
    'then the larger writer wins over the larger value',
    { ...base, writer: 'b', value: 'a' },
    { ...base, value: 'z' },
  ],
  [
    'then the longer life wins over the larger value',
    { ...base, value: 'a', expiresAt: 9 },
    { ...base, value: 'z', expiresAt: 8 },
  ],
  ['a life without an end is the longest', { ...base, value: 'a' }, { ...base, value: 'z', expiresAt: 8 }],
  [
    'an expired record loses to its own delete',
    { ...base, deleted: true },
    { ...base, value: 'v', expiresAt: 9 },
  ],
  ['then the larger value bytes win', { ...base, value: 'b' }, { ...base, value: 'a' }],
  [
    'values are compared as bytes, not as UTF-16',
    { ...base, value: '\u{10000}' },
    { ...base, value: '\uffff' },
  ],
  ['bytes and text are compared by what they are', { ...base, base64: 'Yg==' }, { ...base, value: 'a' }],
];
for (const [name, winner, loser] of table)
  test(name, () => {
    assert.ok(compareRecords(winner, loser) > 0);
    assert.ok(compareRecords(loser, winner) < 0);
  });

test('equal versions are the same write, whatever the value', () => {
  assert.equal(compareVersions({ time: 5, writer: 'a' }, { time: 5, writer: 'a' }), 0);
  assert.equal(versionText({ time: 5, writer: 'a' }), '5@a');
});

test('a record is gone from the time it expires on, and a tombstone always', () => {
  const mortal = { ...base, value: 'v', expiresAt: 9 };
  assert.deepEqual(
    [8, 9, 10].map(now => isGone(mortal, now)),
    [false, true, true],
  );
  assert.equal(isGone({}, Number.MAX_SAFE_INTEGER), false);
  assert.deepEqual(tombstoneOf(mortal), { ...base, deleted: true });
});
