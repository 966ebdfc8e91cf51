// Keys and patterns as @nats-io/kv takes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPattern, KeyFilter, validateBucket, validateKey, validateSearchKey } from '../../src/kv/keys.js';

test('keys, patterns and buckets are refused as @nats-io/kv refuses them, and named', () => {
  for (const key of ['a', 'a.b', 'A-z_0/9=', '1']) validateKey(key);
  for (const key of ['', '.a', 'a.', 'a b', 'a*', '>', 'é', 'a\n'])
    assert.throws(() => validateKey(key), { code: 'INVALID_REQUEST', field: 'key', message: /invalid key/ });
  for (const pattern of ['*', '>', 'a.*', 'a.>', 'a.*.c']) validateSearchKey(pattern);
  for (const pattern of ['', 'a.', '.>', 'a b'])
    assert.throws(() => validateSearchKey(pattern), /invalid key/);
  validateBucket('a-B_1');
  for (const bucket of ['', 'a.b', 'a b', 'x'.repeat(65)])
    assert.throws(() => validateBucket(bucket), { field: 'bucket', message: /invalid bucket name/ });
});

test('a pattern fits whole tokens, and a filter knows how all that fits begins', () => {
  const table: [filter: string | string[] | undefined, prefix: string, fits: string[], not: string[]][] = [
    [undefined, '', ['a', 'a.b'], []],
    ['a.b', 'a.b', ['a.b'], ['a', 'a.b.c', 'a.bc']],
    ['a.*', 'a.', ['a.b', 'a.c'], ['a', 'a.b.c', 'ab']],
    ['a.>', 'a.', ['a.b', 'a.b.c'], ['a', 'b.a']],
    ['*.b', '', ['a.b'], ['b', 'a.b.b']],
    ['>', '', ['a', 'a.b'], []],
    [['abc.x', 'abd.*'], 'ab', ['abc.x', 'abd.y'], ['abc.y', 'ab']],
    [[], '', ['a'], []],
  ];
  for (const [pattern, prefix, fits, not] of table) {
    const filter = new KeyFilter(pattern);
    assert.equal(filter.prefix, prefix, String(pattern));
    for (const key of fits) assert.ok(filter.matches(key), `${pattern}: ${key}`);
    for (const key of not) assert.ok(!filter.matches(key), `${pattern}: ${key}`);
  }
  assert.ok(isPattern('a.*') && isPattern('>') && !isPattern('a.b'));
});
