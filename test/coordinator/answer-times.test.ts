import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AnswerTimes,
  LATE_DEFAULT_MS,
  LATE_MAX_MS,
  LATE_MIN_MS,
} from '../../src/coordinator/answer-times.js';
import { LateBound, SAMPLES_MIN, WINDOW_MS } from '../../src/coordinator/late-bound.js';
import { VirtualClock } from '../sim/virtual-clock.js';

function answer(times: AnswerTimes, count: number, tookMs: number): void {
  for (let i = 0; i < count; i++) times.answered('n1', tookMs);
}

test('late is the 99th percentile of the answers, once there are enough of them', () => {
  const times = new AnswerTimes(new VirtualClock());
  answer(times, SAMPLES_MIN - 2, 8);
  assert.equal(times.lateAfterMs, LATE_DEFAULT_MS);
  answer(times, 2, 40);
  assert.ok(Math.abs(times.lateAfterMs - 40) < 0.1, `${times.lateAfterMs}`);
});

test('late stays within bounds, however fast or slow the answers are', () => {
  for (const [tookMs, lateMs] of [
    [0, LATE_MIN_MS],
    [0.2, LATE_MIN_MS],
    [900, LATE_MAX_MS],
  ] as const) {
    const times = new AnswerTimes(new VirtualClock());
    answer(times, SAMPLES_MIN, tookMs);
    assert.equal(times.lateAfterMs, lateMs);
  }
});

test('a new window forgets how slow the answers were before', async () => {
  const clock = new VirtualClock();
  const times = new AnswerTimes(clock);
  answer(times, SAMPLES_MIN, 50);
  answer(times, SAMPLES_MIN - 1, 10);
  assert.ok(times.lateAfterMs > 45, 'within a window the verdict stands');
  await clock.advance(WINDOW_MS);
  answer(times, 1, 10);
  assert.ok(Math.abs(times.lateAfterMs - 10) < 0.1, `${times.lateAfterMs}`);
});

test('a window with few answers goes on until it has enough', async () => {
  const clock = new VirtualClock();
  const times = new AnswerTimes(clock);
  answer(times, SAMPLES_MIN - 1, 10);
  await clock.advance(3 * WINDOW_MS);
  assert.equal(times.lateAfterMs, LATE_DEFAULT_MS);
  answer(times, 1, 10);
  assert.ok(Math.abs(times.lateAfterMs - 10) < 0.1);
});

test('with caution a slow answer counts at once, and until the window ends', async () => {
  const clock = new VirtualClock();
  const bound = new LateBound(clock, { isCautious: true, defaultMs: 25, minMs: 20, maxMs: 400 });
  bound.answered(120);
  assert.equal(bound.lateAfterMs, 120);
  bound.answered(900);
  assert.equal(bound.lateAfterMs, 400);
  await clock.advance(WINDOW_MS);
  for (let i = 0; i < SAMPLES_MIN; i++) bound.answered(5);
  assert.ok(bound.lateAfterMs >= 120, 'the window had them both');
  await clock.advance(WINDOW_MS);
  for (let i = 0; i < SAMPLES_MIN; i++) bound.answered(5);
  assert.equal(bound.lateAfterMs, 20);
});

test('an owner counts as late until it answers, or a while has passed', async () => {
  const clock = new VirtualClock();
  const times = new AnswerTimes(clock);
  assert.ok(!times.hasLate);
  times.wasLate('n1');
  assert.ok(times.hasLate && times.isLate('n1') && !times.isLate('n2'));
  times.answered('n1', 30);
  assert.ok(!times.hasLate && !times.isLate('n1'));
  times.wasLate('n2');
  await clock.advance(1001);
  assert.ok(!times.isLate('n2') && !times.hasLate);
});
