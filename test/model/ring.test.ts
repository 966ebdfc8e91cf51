import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { murmur3 } from '../../src/model/murmur3.js';
import { byteOrdered } from '../../src/model/partitioner.js';
import { Ring } from '../../src/model/ring.js';

const FOUR = ['n0', 'n1', 'n2', 'n3'];
const byteRing = new Ring(FOUR, { partitioner: 'byte-ordered', replicationFactor: 3 });
const hashRing = new Ring(FOUR, { partitioner: 'murmur3', replicationFactor: 3 });

test('byte-ordered: a number 0..255 is its own token, any other key its first UTF-8 byte', () => {
  const table: [string, number][] = [
    ['0', 0],
    ['137', 137],
    ['255', 255],
    ['256', 0x32],
    ['007', 0x30],
    ['-1', 0x2d],
    ['1.5', 0x31],
    ['a', 0x61],
    ['é', 0xc3],
    ['\u{1f600}x', 0xf0],
  ];
  for (const [key, token] of table) assert.equal(byteOrdered.token(key), token, key);
});

test('byte-ordered: four nodes own a quarter each, with the next two as further owners', () => {
  for (let key = 0; key < 256; key++) {
    const first = Math.floor(key / 64);
    const expected = [0, 1, 2].map(i => `n${(first + i) % 4}`);
    assert.deepEqual(byteRing.owners(String(key)), expected, String(key));
    assert.equal(byteRing.preferenceList(String(key))[3], `n${(first + 3) % 4}`);
  }
});

test('murmur3 gives the published hashes', () => {
  const utf8 = new TextEncoder();
  // Reference values of MurmurHash3_x86_32.
  assert.equal(murmur3(utf8.encode('')), 0);
  assert.equal(murmur3(utf8.encode(''), 1), 0x514e28b7);
  assert.equal(murmur3(utf8.encode('hello'), 0), 0x248bfa47);
  assert.equal(murmur3(utf8.encode('hello, world'), 0), 0x149bbb7f);
  assert.equal(murmur3(utf8.encode('The quick brown fox jumps over the lazy dog'), 0), 0x2e4ff723);
});

test('murmur3: each of four nodes owns its share of the keys to within 10 %', () => {
  const counts = new Map(FOUR.map(node => [node, 0]));
  const keys = 40_000;
  for (let i = 0; i < keys; i++)
    for (const owner of hashRing.owners(`key-${i}`)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  for (const [node, count] of counts) {
    const share = count / ((keys * 3) / 4);
    assert.ok(share > 0.9 && share < 1.1, `${node} holds ${share} of its share`);
  }
});

test('every preference list names every node once', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.constantFrom('byte-ordered' as const, 'murmur3' as const),
      fc.integer({ min: 1, max: 9 }),
      (key, partitioner, count) => {
        const nodes = Array.from({ length: count }, (_, i) => `node-${i}`);
        const ring = new Ring(nodes, { partitioner, replicationFactor: 3 });
        assert.deepEqual([...ring.preferenceList(key)].sort(), [...nodes].sort());
        assert.equal(ring.owners(key).length, Math.min(3, count));
      },
    ),
  );
});

/** Up to 9 nodes, each in one of four zones. */
const zoned = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 9 })
  .map(names => Object.fromEntries(names.map((name, i) => [`node-${i}`, name])));

test('owners are spread over zones: one has two more than another only when the other has no more nodes', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.constantFrom('byte-ordered' as const, 'murmur3' as const),
      fc.integer({ min: 1, max: 7 }),
      zoned,
      (key, partitioner, replicationFactor, zones) => {
        const nodes = Object.keys(zones);
        const ring = new Ring(nodes, { partitioner, replicationFactor, zones });
        const owners = ring.owners(key);
        assert.equal(new Set(owners).size, Math.min(replicationFactor, nodes.length));
        assert.deepEqual([...ring.preferenceList(key)].sort(), [...nodes].sort());
        assert.deepEqual(ring.preferenceList(key).slice(0, owners.length), owners);
        assert.deepEqual([...(ring.groups[ring.group(key)] ?? [])].sort(), [...owners].sort());
        const count = (zone: string, of: readonly string[]) => of.filter(node => zones[node] === zone).length;
        for (const one of Object.values(zones))
          for (const other of Object.values(zones))
            assert.ok(
              count(one, owners) - count(other, owners) <= 1 || count(other, owners) === count(other, nodes),
              `${owners} of ${JSON.stringify(zones)}`,
            );
      },
    ),
  );
});

test('zones leave the first owner where it is, and one zone for all changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), zoned, (key, zones) => {
      const nodes = Object.keys(zones);
      const settings = { partitioner: 'murmur3' as const, replicationFactor: 3 };
      const plain = new Ring(nodes, settings);
      assert.equal(new Ring(nodes, { ...settings, zones }).owners(key)[0], plain.owners(key)[0]);
      const one = Object.fromEntries(nodes.map(node => [node, 'a']));
      assert.deepEqual(
        new Ring(nodes, { ...settings, zones: one }).preferenceList(key),
        plain.preferenceList(key),
      );
    }),
  );
});

test('four nodes in two zones keep each key in both', () => {
  const zones = { n0: 'a', n1: 'a', n2: 'b', n3: 'b' };
  const ring = new Ring(FOUR, { partitioner: 'byte-ordered', replicationFactor: 3, zones });
  assert.deepEqual(
    ['0', '64', '128', '192'].map(key => ring.preferenceList(key).join(' ')),
    ['n0 n2 n1 n3', 'n1 n2 n3 n0', 'n2 n0 n3 n1', 'n3 n0 n1 n2'],
  );
});
