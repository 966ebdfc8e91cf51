import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from '../../src/coordinator/deadlines.js';
import { VirtualClock } from '../sim/virtual-clock.js';

test('wakes each sleeper once, at its time or a tick after, in order', async () => {
  const clock = new VirtualClock();
  const deadlines = new Deadlines(clock);
  const woken: [string, number][] = [];
  for (const [name, atMs] of [
    ['c', 300],
    ['a', 20],
    ['b', 21],
  ] as const)
    deadlines.add(atMs, { wake: () => woken.push([name, clock.monotonic()]) });
  await clock.advance(1000);
  assert.deepEqual(
    woken.map(([name]) => name),
    ['a', 'b', 'c'],
  );
  for (const [i, due] of [20, 21, 300].entries()) {
    const at = woken[i]?.[1] ?? 0;
    assert.ok(at >= due && at <= due + 10, `due at ${due}, woken at ${at}`);
  }
});

test('a cancelled alarm stays silent, and an idle sweep stops', async () => {
  const clock = new VirtualClock();
  const deadlines = new Deadlines(clock);
  deadlines.add(10, { wake: () => assert.fail('woken') }).cancel();
  await clock.advance(100);
  let woken = 0;
  // Long after: the sweep starts again from where time is, not from where it stopped.
  await clock.advance(1e6);
  deadlines.add(clock.monotonic() + 50, { wake: () => woken++ });
  await clock.advance(40);
  assert.equal(woken, 0);
  await clock.advance(20);
  assert.equal(woken, 1);
});
