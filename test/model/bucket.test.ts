import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionTime, lifeName, parseLife } from '../../src/model/bucket.js';

test('of two definitions of a bucket the later life wins, then its end, then the later change', () => {
  const ordered = [
    {},
    { change: 1 },
    { change: 1_000_000 },
    { change: 3, dropped: true as const },
    { life: 1 },
    { life: 1, change: 1 },
    { life: 1, dropped: true as const },
    { life: 999_999_999, dropped: true as const },
  ].map(definitionTime);
  assert.deepEqual(
    ordered,
    [...ordered].sort((a, b) => a - b),
  );
  assert.equal(new Set(ordered).size, ordered.length);
  assert.ok(ordered.every(time => Number.isSafeInteger(time) && time >= 1));
});

test('a life is told from another by what its records carry, and the first by the bare name', () => {
  assert.deepEqual(
    [0, 1, 12].map(life => lifeName('orders', life)),
    ['orders', 'orders~1', 'orders~12'],
  );
  for (const life of [0, 1, 12])
    assert.deepEqual(parseLife(lifeName('orders', life)), { name: 'orders', life });
});
