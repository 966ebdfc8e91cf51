import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergePages, type ReplicaPage } from '../../src/coordinator/scan-merge.js';
import { compareKeys } from '../../src/model/key-order.js';
import { compareRecords } from '../../src/model/record.js';
import { Ring } from '../../src/model/ring.js';
import type { WireRecord } from '../../src/wire/generated/types.js';
import { keyArbitrary } from '../support/keys.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const ring = new Ring(nodes, { partitioner: 'murmur3', replicationFactor: 3 });

type Contents = Map<string, WireRecord>;

/** What each node holds: some of the keys it owns, in some version, deleted or not. */
const contents: fc.Arbitrary<Map<string, Contents>> = fc
  .uniqueArray(
    fc.record({
      key: keyArbitrary,
      copies: fc.array(fc.option(fc.integer({ min: 1, max: 3 })), { minLength: 4, maxLength: 4 }),
      deleted: fc.boolean(),
    }),
    { maxLength: 30, selector: ({ key }) => key },
  )
  .map(keys => {
    const held = new Map<string, Contents>(nodes.map(node => [node, new Map()]));
    for (const { key, copies, deleted } of keys)
      nodes.forEach((node, i) => {
        const time = copies[i];
        if (typeof time !== 'number' || !ring.owners(key).includes(node)) return;
        const head = { bucket: 'default', key, time, writer: 'w' };
        held
          .get(node)
          ?.set(key, deleted && time === 3 ? { ...head, deleted: true } : { ...head, value: `${time}` });
      });
    return held;
  });

function pageOf(held: Contents, after: string | undefined, limit: number): ReplicaPage {
  const keys = [...held.keys()]
    .sort(compareKeys)
    .filter(key => after === undefined || compareKeys(key, after) > 0);
  const records = keys.slice(0, limit).flatMap(key => held.get(key) ?? []);
  return { held: records, more: keys.length > limit };
}

/** Merges page after page, whatever their lengths. */
function scan(held: ReadonlyMap<string, Contents>, limits: readonly number[]) {
  const found: ReturnType<typeof mergePages>['keys'][number][] = [];
  let after: string | undefined;
  for (let i = 0; ; i++) {
    const pages = new Map(
      [...held].map(([node, its], n) => [node, pageOf(its, after, limits[(i + n) % limits.length] ?? 1)]),
    );
    const { keys, through } = mergePages(ring, pages);
    found.push(...keys);
    if (through === undefined) return found;
    assert.ok(after === undefined || compareKeys(through, after) > 0, 'each page goes further');
    after = through;
  }
}

const limits = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });

test('pages of any lengths merge to every key once, in order, at its newest version', () => {
  fc.assert(
    fc.property(contents, limits, (held, lengths) => {
      const newest = new Map<string, WireRecord>();
      for (const its of held.values())
        for (const record of its.values()) {
          const known = newest.get(record.key);
          if (known === undefined || compareRecords(record, known) > 0) newest.set(record.key, record);
        }
      const found = scan(held, lengths);
      assert.deepEqual(
        found.map(({ key }) => key),
        [...newest.keys()].sort(compareKeys),
      );
      for (const merged of found) assert.deepEqual(merged.newest, newest.get(merged.key));
    }),
  );
});

test('every owner asked holds the newest version of a key or is named as stale', () => {
  fc.assert(
    fc.property(contents, limits, (held, lengths) => {
      for (const { key, newest, holders, stale } of scan(held, lengths)) {
        assert.deepEqual([...holders, ...stale].sort(), [...ring.owners(key)].sort());
        for (const node of holders) assert.equal(held.get(node)?.get(key)?.time, newest.time);
        for (const node of stale) assert.ok((held.get(node)?.get(key)?.time ?? 0) < newest.time);
      }
    }),
  );
});

test('what a node holds of a key that it does not own is left out', () => {
  const key = ['a', 'b', 'c', 'd', 'e'].find(candidate => !ring.owners(candidate).includes('n0')) ?? '';
  const rogue = { bucket: 'default', key, value: 'rogue', time: 9, writer: 'w' };
  const { keys } = mergePages(ring, new Map([['n0', { held: [rogue], more: false }]]));
  assert.deepEqual(keys, []);
});
