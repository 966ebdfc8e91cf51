import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HybridClock } from '../../src/model/hlc.js';

test('issues strictly increasing times, however the physical clock jumps and whatever it observes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ now: fc.integer({ min: 0, max: 1e6 }), seen: fc.integer({ min: 0, max: 2e9 }) })),
      steps => {
        let now = 0;
        const clock = new HybridClock(() => now, 5000);
        let last = 0;
        for (const step of steps) {
          now = step.now;
          clock.observe(step.seen);
          const time = clock.next();
          assert.ok(time > last);
          if (!clock.isTooFarAhead(step.seen)) assert.ok(time > step.seen);
          last = time;
        }
      },
    ),
  );
});

test('a time too far ahead is not believed: one wrong clock must not win for ever', () => {
  const clock = new HybridClock(() => 1000, 5000);
  clock.observe(6_000_001);
  assert.ok(clock.isTooFarAhead(6_000_001));
  assert.equal(clock.next(), 1_000_000);
  clock.observe(6_000_000);
  assert.equal(clock.next(), 6_000_001);
});

test('of many times the newest that is believed counts', () => {
  const clock = new HybridClock(() => 1000, 5000);
  clock.observeAll([{ time: 2_000_000 }, { time: 3_000_000 }, { time: 1_000_000 }]);
  assert.equal(clock.next(), 3_000_001);
  clock.observeAll([{ time: 6_000_001 }, { time: 4_000_000 }, { time: 7_000_000 }]);
  assert.equal(clock.next(), 4_000_001);
  clock.observeAll([]);
  assert.equal(clock.next(), 4_000_002);
});

test('a time is too old once no call that took it may still be under way', () => {
  let now = 0;
  const clock = new HybridClock(() => now, 5000);
  const time = clock.next();
  now = 660_000;
  assert.ok(!clock.isTooOld(time));
  now = 660_001;
  assert.ok(clock.isTooOld(time));
});
