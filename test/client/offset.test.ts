// How far the nodes' clocks are ahead, by what one answer tells.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetOf } from '../../src/client/offset.js';

test('clocks differ only as far as the way of the answer cannot explain', () => {
  const table: [aheadMs: number, tookMs: number, offsetMs: number][] = [
    [0, 5, 0],
    [-5, 5, 0],
    [-6, 5, 0],
    [-7, 5, -7],
    [1, 5, 0],
    [2, 5, 2],
    [3_600_000, 20, 3_600_000],
    [-3_600_000, 20, -3_600_000],
  ];
  for (const [aheadMs, tookMs, offsetMs] of table)
    assert.equal(offsetOf(aheadMs, tookMs), offsetMs, `${aheadMs}, ${tookMs}`);
});
