import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Throttle } from '../../src/replica/throttle.js';
import { VirtualClock } from '../sim/virtual-clock.js';

test('bytes pass at the rate, however large the pieces', async () => {
  for (const piece of [10, 1000, 50_000]) {
    const clock = new VirtualClock();
    const throttle = new Throttle(clock);
    const send = async () => {
      for (let sent = 0; sent < 100_000; sent += piece)
        assert.equal(
          await throttle.pass(
            piece,
            () => 50_000,
            () => false,
          ),
          true,
        );
    };
    await clock.until(send());
    // The last piece is sent at once and owed afterwards; so is a burst at the start.
    const atLeastMs = ((100_000 - piece) / 50_000) * 1000 - 100;
    assert.ok(
      clock.monotonic() >= atLeastMs && clock.monotonic() <= 2300,
      `${piece}: ${clock.monotonic()} ms`,
    );
  }
});

test('a rate that is raised, and an end, are noticed while something waits', async () => {
  const clock = new VirtualClock();
  const throttle = new Throttle(clock);
  let rate = 1024;
  let isOver = false;
  const pass = () =>
    throttle.pass(
      1024 * 1024,
      () => rate,
      () => isOver,
    );
  await clock.until(pass());
  const second = pass();
  await clock.advance(1000);
  rate = 1024 * 1024 * 1024;
  const before = clock.monotonic();
  await clock.until(second);
  assert.ok(clock.monotonic() - before < 600);
  rate = 1024;
  await clock.until(pass());
  const third = pass();
  isOver = true;
  assert.equal(await clock.until(third), false);
});
