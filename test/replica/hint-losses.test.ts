import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Liveness } from '../../src/coordinator/liveness.js';
import { HintLosses } from '../../src/replica/hint-losses.js';
import type { Presence } from '../../src/wire/generated/types.js';
import { VirtualClock } from '../sim/virtual-clock.js';

function start() {
  const clock = new VirtualClock();
  const liveness = new Liveness(['n0', 'n1', 'n2'], clock);
  const refused = new Map<string, number>();
  let rounds = 0;
  const losses = new HintLosses({ liveness, clock, refused: () => refused, hurry: () => rounds++ });
  const hear = (node: string, unhinted: Presence['unhinted'], incarnation = 1) =>
    liveness.heard({
      node,
      incarnation,
      state: 'serving',
      time: 1,
      now: 1,
      remembers: {},
      ...(unhinted && { unhinted }),
    });
  return { clock, liveness, losses, refused, hear, rounds: () => rounds };
}

test('more losses for a target that is up start one round soon, and the same number no other', async () => {
  const { clock, hear, rounds } = start();
  hear('n1', {});
  hear('n2', { n1: 3 });
  hear('n2', { n1: 4 });
  assert.equal(rounds(), 0);
  await clock.advance(1100);
  assert.equal(rounds(), 1);
  hear('n2', { n1: 4 });
  await clock.advance(1100);
  assert.equal(rounds(), 1);
  hear('n2', { n1: 5 });
  await clock.advance(1100);
  assert.equal(rounds(), 2);
});

test('losses for a target that is down wait for its return, which starts a round by itself', async () => {
  const { clock, hear, rounds } = start();
  hear('n2', { n1: 3 });
  await clock.advance(1100);
  assert.equal(rounds(), 0);
});

test('the counters of a node that started again begin anew', async () => {
  const { clock, liveness, hear, rounds } = start();
  hear('n1', {});
  hear('n2', { n1: 9 });
  await clock.advance(1100);
  liveness.gone('n2');
  hear('n2', { n1: 2 }, 2);
  await clock.advance(1100);
  assert.equal(rounds(), 2);
});

test('what was expired, dropped and refused is announced together', () => {
  const { losses, refused } = start();
  losses.sawExpired('n1', 2);
  losses.sawDropped('n1', 3);
  losses.sawDropped('n2', 1);
  refused.set('n1', 4);
  assert.deepEqual(losses.all(), { n1: 9, n2: 1 });
  assert.deepEqual([losses.expired, losses.dropped], [2, 4]);
});
