import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Catalog } from '../../src/coordinator/catalog.js';
import { Rings } from '../../src/coordinator/coordination.js';
import { BUCKETS, definitionTime } from '../../src/model/bucket.js';
import type { BucketDefinition, ClusterDefinition, WireRecord } from '../../src/wire/generated/types.js';

const cluster: ClusterDefinition = {
  name: 'c',
  nodes: ['n0', 'n1', 'n2', 'n3'],
  replicationFactor: 3,
  partitioner: 'byte-ordered',
  buckets: { fixed: { replicationFactor: 2 } },
};

function empty(): { catalog: Catalog; rings: Rings } {
  const rings = new Rings(cluster);
  return { catalog: new Catalog(cluster, rings), rings };
}

function recordOf(definition: BucketDefinition, writer = 'n0~a', key = 'b'): WireRecord {
  const value = JSON.stringify(definition);
  return { bucket: BUCKETS, key, value, time: definitionTime(definition), writer };
}

test('knows the buckets of the cluster definition, and default', () => {
  const { catalog, rings } = empty();
  assert.deepEqual(
    catalog.all().map(({ name, life }) => [name, life]),
    [
      ['default', 'default'],
      ['fixed', 'fixed'],
    ],
  );
  assert.equal(rings.of('fixed').replicationFactor, 2);
  assert.equal(rings.of(BUCKETS).replicationFactor, 4);
});

test('a name that no request could have is not taken up, whoever wrote it into a log', () => {
  const { catalog, rings } = empty();
  const good = recordOf({ life: 0, replicationFactor: 1 });
  for (const key of ['_buckets', '__proto__', 'a b', 'a/b', 'a~1', '', 'x'.repeat(65)])
    assert.ok(!catalog.learn({ ...good, key }), key);
  assert.equal(rings.of(BUCKETS).replicationFactor, 4);
  assert.ok(catalog.learn({ ...good, key: 'x'.repeat(64) }));
});

test('of one version with two values all come to the same one, in whatever order they hear of them', () => {
  const one = recordOf({ life: 0, replicationFactor: 1 });
  const two = recordOf({ life: 0, replicationFactor: 3 });
  const found = [
    [one, two],
    [two, one],
  ].map(records => {
    const { catalog, rings } = empty();
    for (const record of records) catalog.learn(record);
    return [rings.of('b').replicationFactor, catalog.find('b')?.definition];
  });
  assert.deepEqual(found[0], found[1]);
  assert.equal(found[0]?.[0], 3);
});

test('a dropped life stays over, whatever is heard of it afterwards', () => {
  const { catalog, rings } = empty();
  assert.ok(catalog.learn(recordOf({ life: 0, change: 0 })));
  assert.ok(catalog.learn(recordOf({ life: 0, change: 0, dropped: true })));
  assert.ok(!catalog.learn(recordOf({ life: 0, change: 7, ttlMs: 5 }, 'z~z')));
  assert.equal(catalog.find('b'), undefined);
  assert.equal(rings.find('b'), undefined);
  assert.ok(catalog.isOver('b'));
  assert.ok(catalog.learn(recordOf({ life: 1, replicationFactor: 1 })));
  assert.equal(catalog.find('b')?.life, 'b~1');
  assert.ok(catalog.isOver('b') && !catalog.isOver('b~1') && !catalog.isOver('b~2'));
});

test('definitions may come in any order and often: the same buckets are known in the end', () => {
  const definition = fc.record({
    life: fc.integer({ min: 0, max: 2 }),
    change: fc.integer({ min: 0, max: 2 }),
    dropped: fc.constantFrom(true as const, undefined),
  });
  const records = fc.array(
    fc
      .tuple(definition, fc.constantFrom('n0~a', 'n1~b'))
      .map(([{ dropped, ...rest }, writer]) =>
        recordOf(dropped === true ? { ...rest, dropped } : rest, writer),
      ),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(records, fc.infiniteStream(fc.nat()), (list, order) => {
      const inOrder = empty();
      for (const record of list) inOrder.catalog.learn(record);
      const shuffled = empty();
      const ranked = [...list, ...list]
        .map(record => ({ record, rank: order.next().value ?? 0 }))
        .sort((a, b) => a.rank - b.rank);
      for (const { record } of ranked) shuffled.catalog.learn(record);
      assert.equal(shuffled.catalog.checksum, inOrder.catalog.checksum);
      assert.deepEqual([...shuffled.rings.all().keys()].sort(), [...inOrder.rings.all().keys()].sort());
    }),
  );
});

test('what is no definition is passed over', () => {
  const { catalog } = empty();
  const good = recordOf({ life: 0, change: 0 });
  const bads: WireRecord[] = [
    { ...good, bucket: 'default' },
    { ...good, value: '{' },
    { ...good, value: '{"life":-1}' },
    { ...good, value: '{"life":0,"unknown":1}' },
    { ...good, time: 12345 },
    { bucket: BUCKETS, key: 'b', deleted: true, time: 1, writer: 'w' },
  ];
  for (const bad of bads) assert.ok(!catalog.learn(bad), JSON.stringify(bad));
  assert.ok(catalog.learn(good));
});
