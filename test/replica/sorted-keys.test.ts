import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareKeys } from '../../src/model/key-order.js';
import { SortedKeys } from '../../src/replica/sorted-keys.js';
import { keyArbitrary } from '../support/keys.js';

type Step = { add: string } | { remove: string } | { read: string; isInside: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: keyArbitrary }) },
  { weight: 1, arbitrary: fc.record({ remove: keyArbitrary }) },
  { weight: 2, arbitrary: fc.record({ read: keyArbitrary, isInside: fc.boolean() }) },
);

test('reads every key that is held, once and in order, whatever was added and removed between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const held = new Set<string>();
      const sorted = new SortedKeys(held);
      for (const each of steps) {
        if ('add' in each) {
          if (!held.has(each.add)) sorted.add(each.add);
          held.add(each.add);
        } else if ('remove' in each) held.delete(each.remove);
        else {
          const wanted = [...held].sort(compareKeys).filter(key => {
            const order = compareKeys(key, each.read);
            return each.isInside ? order >= 0 : order > 0;
          });
          const read = [...sorted.from(each.read, each.isInside)];
          assert.deepEqual(
            read.filter(key => held.has(key)),
            wanted,
          );
          assert.deepEqual(read, [...new Set(read)].sort(compareKeys));
        }
      }
    }),
  );
});

test('a page after every insert into a large table costs no new sort of it', () => {
  const held = new Set<string>();
  const sorted = new SortedKeys(held);
  const add = (key: string) => {
    held.add(key);
    sorted.add(key);
  };
  for (let i = 0; i < 200_000; i++) add(`key ${(i * 7919) % 200_003}`);
  const begunAtMs = performance.now();
  for (let i = 0; i < 2000; i++) {
    add(`new ${(i * 7919) % 2003}`);
    const page = sorted.from('key 5', true);
    for (let n = 0; n < 10; n++) page.next();
  }
  const tookMs = performance.now() - begunAtMs;
  // Sorting 200,000 keys takes some 100 ms here: 2000 times over it would be minutes.
  assert.ok(tookMs < 5000, `${Math.round(tookMs)} ms`);
});

test('keys that are gone are forgotten, however often they come and go', () => {
  const held = new Set<string>();
  const sorted = new SortedKeys(held);
  for (let i = 0; i < 100_000; i++) {
    held.add(`${i % 5000}`);
    sorted.add(`${i % 5000}`);
    if (i % 5000 === 4999) held.clear();
  }
  sorted.add('last');
  assert.ok([...sorted.from('', true)].length < 5000);
});
