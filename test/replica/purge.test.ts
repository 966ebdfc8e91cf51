import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Liveness } from '../../src/coordinator/liveness.js';
import { Ring } from '../../src/model/ring.js';
import { Memtable } from '../../src/replica/memtable.js';
import { Purge } from '../../src/replica/purge.js';
import type { Replica } from '../../src/replica/replica.js';
import type { Presence } from '../../src/wire/generated/types.js';

const nodes = ['n0', 'n1', 'n2'];
const second = 1_000_000;
const AFTER_MS = 60_000;
const ring = new Ring(nodes, { partitioner: 'byte-ordered', replicationFactor: 3 });

/** A purge on `node`, of which heartbeats, clock and memory can be set. */
function purgeOn(node: string) {
  const memtable = new Memtable(() => ring);
  memtable.merge({ bucket: 'b', key: 'k', deleted: true, time: 10 * second, writer: 'w' }, 1);
  const heard = new Map<string, Partial<Presence>>();
  const world = { state: 'serving', now: 0, memtable, heard, buckets: ['b'] };
  const hear = (seconds: number, more: Record<string, Partial<Presence>> = {}) => {
    world.now = seconds * second;
    for (const each of nodes) heard.set(each, { state: 'serving', time: world.now, hints: 0, ...more[each] });
  };
  const liveness = {
    presenceOf: (peer: string) => heard.get(peer),
    isReadable: (peer: string) => heard.get(peer)?.state === 'serving',
  };
  const purge = new Purge({
    node,
    nodes,
    liveness: liveness as unknown as Liveness,
    replica: {
      memtable,
      get state() {
        return world.state;
      },
    } as unknown as Replica,
    rings: () => new Map(world.buckets.map(bucket => [bucket, ring])),
    now: () => world.now,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    afterMs: AFTER_MS,
  });
  /** A round that found the others to agree up to `upTo`, in seconds. */
  const round = (upTo: number, owners = 2) =>
    purge.raise(new Map([['b/0', { owners, upTo: upTo * second }]]), purge.settled());
  return { purge, world, hear, round, floor: () => memtable.floor('b', 0) / second };
}

test('what was written has arrived when every node serves, holds no hint and was heard long enough after it', () => {
  const { purge, hear, world } = purgeOn('n0');
  assert.equal(purge.settled(), 0, 'before anybody is heard');
  hear(100, { n1: { time: 90 * second } });
  assert.equal(purge.settled(), 30 * second);
  for (const more of [{ state: 'recovering' as const }, { hints: 1 }]) {
    hear(100, { n2: more });
    assert.equal(purge.settled(), 0, JSON.stringify(more));
  }
  hear(100);
  world.heard.set('n2', { state: 'serving', time: 100 * second });
  assert.equal(purge.settled(), 0, 'a node that has not looked for hints');
  hear(10);
  assert.equal(purge.settled(), 0, 'before anything is old enough');
});

test('the floor is raised by a second round, when repairs from before the first have had time to arrive', () => {
  const { hear, round, floor } = purgeOn('n0');
  hear(100);
  round(40);
  assert.equal(floor(), 0);
  hear(159);
  round(99);
  assert.equal(floor(), 0, 'too early');
  hear(170);
  round(99);
  assert.equal(floor(), 0, 'the owners differ on what came since');
  round(110);
  assert.equal(floor(), 40);
  hear(300);
  round(240);
  assert.equal(floor(), 110);
});

test('no floor is raised by a later owner, a replica that does not serve, or a round that missed an owner', () => {
  for (const [node, state, owners] of [
    ['n1', 'serving', 2],
    ['n0', 'recovering', 2],
    ['n0', 'serving', 1],
  ] as const) {
    const { hear, round, floor, world } = purgeOn(node);
    world.state = state;
    for (const at of [100, 200, 300]) {
      hear(at);
      round(at, owners);
    }
    assert.equal(floor(), 0, `${node} ${state} ${owners}`);
  }
});

test('where nothing is dead, or the bucket is gone, nothing waits to be purged', () => {
  const { purge, hear, round, world } = purgeOn('n0');
  hear(100);
  round(40);
  assert.deepEqual(purge.status().candidates, {
    'b/n0+n1+n2': { floor: 40 * second, since: 100 * second },
  });
  world.buckets = [];
  round(40);
  assert.deepEqual(purge.status().candidates, {});
  world.buckets = ['b'];
  world.memtable.leave('b', 'k');
  round(40);
  assert.deepEqual(purge.status().candidates, {});
});
