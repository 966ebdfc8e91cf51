import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Level } from '../../src/model/level.js';
import {
  atLeastOf,
  choose,
  hasMetQuorums,
  LevelError,
  type Need,
  needOf,
  needText,
  requiredBy,
  shortfall,
  Tally,
} from '../../src/model/need.js';

const all = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
/** `a` has n0, n2, n4, n6 and `b` the others. */
const zones = new Map(all.map((node, i) => [node, i % 2 === 0 ? 'a' : 'b']));
const zoneOf = (node: string) => zones.get(node);
const noZones = () => undefined;

function need(level: Level, rf: number, localZone?: string): Need {
  return needOf(level, { owners: all.slice(0, rf), zoneOf, localZone });
}

test('what each level requires of 1 to 7 owners in two zones', () => {
  // With 1 owner zone b has none.
  const table: [Level, (number | LevelError['name'])[]][] = [
    ['ANY', [1, 1, 1, 1, 1, 1, 1]],
    ['ONE', [1, 1, 1, 1, 1, 1, 1]],
    ['TWO', ['LevelError', 2, 2, 2, 2, 2, 2]],
    ['THREE', ['LevelError', 'LevelError', 3, 3, 3, 3, 3]],
    ['QUORUM', [1, 2, 2, 3, 3, 4, 4]],
    // Zone a holds 1, 1, 2, 2, 3, 3, 4 of them.
    ['LOCAL_QUORUM', [1, 1, 2, 2, 2, 2, 3]],
    // And zone b 0, 1, 1, 2, 2, 3, 3.
    ['EACH_QUORUM', [1, 2, 3, 4, 4, 4, 5]],
    ['ALL', [1, 2, 3, 4, 5, 6, 7]],
  ];
  assert.deepEqual(table.map(([level]) => level).sort(), Object.values(Level).sort());
  for (const [level, required] of table)
    for (const [i, expected] of required.entries()) {
      const ask = () => requiredBy(need(level, i + 1, 'a'));
      if (typeof expected === 'number') assert.equal(ask(), expected, `${level} of ${i + 1}`);
      else assert.throws(ask, LevelError, `${level} of ${i + 1}`);
    }
});

test('every level of every replication factor is met by as many acks as it requires, and by no fewer', () => {
  for (let rf = 1; rf <= 7; rf++)
    for (const level of Object.values(Level)) {
      if ((level === 'TWO' && rf < 2) || (level === 'THREE' && rf < 3)) continue;
      const what = need(level, rf, 'a');
      const { chosen } = choose(what, all.slice(0, rf));
      assert.equal(chosen.length, requiredBy(what));
      const tally = new Tally(what, chosen);
      for (const [i, owner] of chosen.entries()) {
        assert.equal(tally.isMet, false, `${level} of ${rf} after ${i}`);
        assert.equal(tally.isAttainable, true);
        tally.answered(owner);
      }
      assert.equal(tally.isMet, true, `${level} of ${rf}`);
    }
});

test('LOCAL_QUORUM counts the owners of its zone only', () => {
  const local = need('LOCAL_QUORUM', 5, 'b');
  assert.deepEqual(local, [{ zone: 'b', owners: ['n1', 'n3'], required: 2 }]);
  assert.deepEqual(shortfall(local, ['n0', 'n1', 'n2', 'n4']), { zone: 'b', required: 2, there: 1 });
  assert.equal(shortfall(local, ['n1', 'n3']), undefined);
  const tally = new Tally(local, ['n0', 'n1', 'n2', 'n3']);
  for (const owner of ['n0', 'n2', 'n1']) tally.answered(owner);
  assert.deepEqual([tally.isMet, tally.isAttainable], [false, true]);
  assert.deepEqual(tally.lacking, { zone: 'b', required: 2, there: 1 });
  tally.failed('n3');
  assert.equal(tally.isAttainable, false);
});

test('EACH_QUORUM is not met while one zone lacks its quorum', () => {
  const each = need('EACH_QUORUM', 6);
  assert.deepEqual(
    each.map(({ zone, required }) => [zone, required]),
    [
      ['a', 2],
      ['b', 2],
    ],
  );
  assert.deepEqual(shortfall(each, ['n0', 'n2', 'n4', 'n1']), { zone: 'b', required: 2, there: 1 });
  const tally = new Tally(each, all.slice(0, 6));
  for (const owner of ['n0', 'n2', 'n4', 'n1']) tally.answered(owner);
  assert.equal(tally.isMet, false);
  tally.answered('n5');
  assert.equal(tally.isMet, true);
});

test('a quorum by zone without zones is a quorum of all, and nobody else can say what is local', () => {
  const owners = all.slice(0, 3);
  for (const level of ['LOCAL_QUORUM', 'EACH_QUORUM'] as const)
    assert.deepEqual(needOf(level, { owners, zoneOf: noZones, localZone: undefined }), [
      { zone: undefined, owners, required: 2 },
    ]);
  assert.throws(() => need('LOCAL_QUORUM', 3), /which zone is local/);
  assert.throws(() => need('LOCAL_QUORUM', 3, 'c'), /zone c has no owner/);
});

test('an answer counts once, and one that was given up may still come', () => {
  const tally = new Tally(need('TWO', 3), ['n0']);
  tally.answered('n0');
  tally.answered('n0');
  assert.deepEqual([tally.count, tally.isMet, tally.isAttainable], [1, false, false]);
  tally.hope('n1');
  assert.equal(tally.isAttainable, true);
  tally.failed('n1');
  tally.answered('n1');
  assert.equal(tally.isMet, true);
});

test('a spare owner is one that counts', () => {
  const { chosen, spare } = choose(need('LOCAL_QUORUM', 7, 'a'), ['n1', 'n0', 'n6', 'n4', 'n2']);
  assert.deepEqual(chosen, ['n0', 'n6', 'n4']);
  assert.deepEqual(spare, ['n2']);
});

/** Owners with their zones, and a subset of them. */
const placed = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 7 }).map(names => ({
  owners: names.map((_, i) => `n${i}`),
  zoneOf: (node: string) => names[Number(node.slice(1))],
}));

test('two of EACH_QUORUM, one with QUORUM, and one with LOCAL_QUORUM of any zone share an owner', () => {
  fc.assert(
    fc.property(placed, fc.infiniteStream(fc.nat()), ({ owners, zoneOf }, random) => {
      const some = (level: Level, localZone?: string) => {
        const shuffled = owners
          .map(owner => ({ owner, at: random.next().value }))
          .sort((x, y) => x.at - y.at)
          .map(({ owner }) => owner);
        return choose(needOf(level, { owners, zoneOf, localZone }), shuffled).chosen;
      };
      const each = some('EACH_QUORUM');
      for (const other of [
        some('EACH_QUORUM'),
        some('QUORUM'),
        ...owners.map(owner => some('LOCAL_QUORUM', zoneOf(owner))),
      ])
        assert.ok(
          each.some(owner => other.includes(owner)),
          `${each} and ${other}`,
        );
      for (const owner of owners) {
        const zone = zoneOf(owner);
        const again = some('LOCAL_QUORUM', zone);
        assert.ok(some('LOCAL_QUORUM', zone).some(one => again.includes(one)));
      }
    }),
  );
});

test('a replica that lost its log has met a quorum of its zone only when enough of that zone were read', () => {
  const owners = ['n0', 'n1', 'n2', 'n3', 'n4'];
  const met = (...serving: string[]) =>
    hasMetQuorums('n0', { owners, zoneOf }, { serving: new Set(serving), reached: new Set(serving) });
  // Of n0, n2, n4 a write of the zone may be held by n0 and either one of the others.
  assert.equal(met('n1', 'n3', 'n2'), false);
  assert.equal(met('n1', 'n2', 'n4'), true);
  assert.equal(met('n2', 'n4'), false);
  const everybody = new Set(['n1', 'n2', 'n3', 'n4']);
  assert.equal(
    hasMetQuorums('n0', { owners, zoneOf }, { serving: new Set(), reached: everybody }),
    true,
    'there is nowhere left to look',
  );
  assert.equal(
    hasMetQuorums('n0', { owners: ['n0'], zoneOf }, { serving: new Set(), reached: new Set() }),
    true,
  );
});

test('at least so many owners of any zone, beside a quorum of one: those of the zone count for both', () => {
  const owners = all.slice(0, 6);
  const local = need('LOCAL_QUORUM', 6, 'a');
  assert.equal(atLeastOf(local, owners, 2), local);
  const more = atLeastOf(local, owners, 4);
  const { chosen, spare } = choose(more, ['n1', 'n3', 'n5', 'n0', 'n2', 'n4']);
  // Two of zone a, which has n0, n2 and n4, and two more of whichever come first.
  assert.deepEqual(
    [chosen, spare],
    [
      ['n1', 'n3', 'n0', 'n2'],
      ['n5', 'n4'],
    ],
  );
  const tally = new Tally(more, chosen);
  for (const owner of ['n1', 'n3', 'n0']) tally.answered(owner);
  assert.deepEqual([tally.isMet, tally.isAttainable], [false, true]);
  tally.failed('n2');
  assert.deepEqual(
    more.map(part => tally.isPartAttainable(part)),
    [false, false],
  );
  tally.hope('n5');
  assert.deepEqual(
    more.map(part => tally.isPartAttainable(part)),
    [false, true],
  );
  tally.answered('n4');
  assert.equal(tally.isMet, true);
});

test('a need in words', () => {
  assert.equal(needText(need('QUORUM', 3)), '2 owners');
  assert.equal(needText(need('ONE', 3)), '1 owner');
  assert.equal(needText(need('EACH_QUORUM', 4)), '2 owners in zone a and 2 owners in zone b');
});
