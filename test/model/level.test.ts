import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CountLevel, requiredOwners } from '../../src/model/level.js';

test('each level needs its number of owners', () => {
  const table: [CountLevel, number[]][] = [
    ['ANY', [1, 1, 1, 1, 1, 1, 1]],
    ['ONE', [1, 1, 1, 1, 1, 1, 1]],
    ['TWO', [2, 2, 2, 2, 2, 2, 2]],
    ['THREE', [3, 3, 3, 3, 3, 3, 3]],
    ['QUORUM', [1, 2, 2, 3, 3, 4, 4]],
    ['ALL', [1, 2, 3, 4, 5, 6, 7]],
  ];
  for (const [level, required] of table)
    for (const [i, expected] of required.entries())
      assert.equal(requiredOwners(level, i + 1), expected, `${level} of ${i + 1}`);
});

test('two quorums always share an owner', () => {
  for (let rf = 1; rf <= 7; rf++) assert.ok(2 * requiredOwners('QUORUM', rf) > rf);
});
