// A bucket that there is not: advice to make it only where that would be done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownBucket } from '../../src/cli/unknown.js';
import type { ClusterDefinition } from '../../src/wire/generated/types.js';

const cluster = { buckets: { orders: {} } } as unknown as ClusterDefinition;

test('an unknown bucket is advised to be made if its name is allowed', () => {
  assert.match(
    unknownBucket('users', cluster).message,
    /default, orders; dynats bucket create users makes it$/,
  );
  assert.match(unknownBucket('ordres', cluster).message, /; did you mean orders\?$/);
  for (const name of ['__proto__', '_x', 'a b', '', 'x'.repeat(65)])
    assert.match(unknownBucket(name, cluster).message, /; it cannot be made: names are 1 to 64/, name);
});
