import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerClocks } from '../../src/coordinator/peer-clocks.js';

const HOUR = 3_600_000;
const TOLERANCE = 2500;

/** What a node adds to its clock that hears peers these many milliseconds ahead. */
function correctionWith(...ahead: number[]): number {
  const clocks = new PeerClocks({ now: () => 1_000_000_000, monotonic: () => 0 }, TOLERANCE);
  for (const [i, ms] of ahead.entries()) clocks.heard(`n${i}`, 1_000_000_000 + ms);
  return clocks.correctionMs;
}

test('a node whose clock most others disagree with goes by theirs', () => {
  const table: [string, number[], number][] = [
    ['all agree', [0, 3, -2], 0],
    ['ahead by an hour', [-HOUR, -HOUR, -HOUR], -HOUR],
    ['behind by an hour', [HOUR, HOUR + 2, HOUR - 2], HOUR],
    ['right, one peer ahead and one behind', [HOUR, -HOUR, 0], 0],
    ['ahead, one peer behind', [-2 * HOUR, -HOUR, -HOUR], -HOUR],
    ['behind, one peer ahead', [2 * HOUR, HOUR, HOUR], HOUR],
    ['within the tolerance', [TOLERANCE, TOLERANCE, TOLERANCE], 0],
    ['two against two: no telling', [HOUR, HOUR, 0], 0],
    ['one peer alone: no telling', [HOUR], 0],
    ['nobody heard', [], 0],
  ];
  for (const [name, ahead, expected] of table)
    assert.ok(Math.abs(correctionWith(...ahead) - expected) <= 2, name);
});

test('a peer that died no longer counts', () => {
  const clocks = new PeerClocks({ now: () => 0, monotonic: () => 0 }, TOLERANCE);
  for (const peer of ['n0', 'n1', 'n2']) clocks.heard(peer, HOUR);
  assert.equal(clocks.correctionMs, HOUR);
  assert.equal(clocks.now(), HOUR);
  clocks.forget('n0');
  clocks.forget('n1');
  clocks.heard('n3', 0);
  assert.equal(clocks.correctionMs, 0);
});

test('a clock that is set goes on as before until the peers have been heard', () => {
  let now = 1_000_000_000;
  let monotonic = 0;
  const clocks = new PeerClocks({ now: () => now, monotonic: () => monotonic }, TOLERANCE);
  monotonic += 10;
  now += 10 + HOUR;
  assert.equal(clocks.now(), 1_000_000_010);
  for (const peer of ['n0', 'n1', 'n2']) clocks.heard(peer, now);
  assert.equal(clocks.now(), now, 'it was set right');
});
