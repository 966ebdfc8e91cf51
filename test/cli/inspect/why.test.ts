import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyReport } from '../../../src/cli/inspect/one-key.js';
import { whyOf } from '../../../src/cli/inspect/why.js';
import { compareCopies } from '../../../src/cli/replicas/verdict.js';
import type { ClusterReply, Presence, StatusReply, WireRecord } from '../../../src/wire/generated/types.js';

const nodes = ['n0', 'n1', 'n2'];
const second = 1_000_000;
const dead: WireRecord = { bucket: 'default', key: 'k', deleted: true, time: 100 * second, writer: 'w' };

function report(copies: Record<string, WireRecord>): KeyReport {
  const held = new Map(Object.entries(copies));
  const comparison = compareCopies(nodes, new Set(nodes), held);
  return {
    bucket: 'default',
    key: 'k',
    token: 0,
    preferenceList: nodes,
    owners: nodes,
    unasked: [],
    copies: held,
    comparison,
  };
}

const onAll = (record: WireRecord) => report({ n0: record, n1: record, n2: record });

function view(time: number, more: Partial<Record<string, Partial<Presence>>> = {}): ClusterReply {
  const peers = nodes.map(node => ({
    node,
    incarnation: 1,
    state: 'serving' as const,
    time,
    remembers: {},
    hints: 0,
    ...more[node],
  }));
  const cluster = { name: 'c', nodes, replicationFactor: 3, partitioner: 'byte-ordered' as const };
  return { node: 'n0', cluster, peers: peers as ClusterReply['peers'], time, now: time / 1000 };
}

const statuses = (floor: number, candidates: Record<string, { floor: number; since: number }> = {}) =>
  new Map(
    nodes.map(node => [
      node,
      {
        purge: { afterMs: 60_000, floors: floor === 0 ? {} : { 'default/n0+n1+n2': floor }, candidates },
      } as unknown as StatusReply,
    ]),
  );

test('says what is so', () => {
  const live: WireRecord = { bucket: 'default', key: 'k', value: 'v', time: second, writer: 'w' };
  const late = view(200 * second);
  assert.equal(whyOf(report({}), late, statuses(0)).state, 'absent');
  const half = { ...report({}), unasked: [{ node: 'n1', state: 'down' }] };
  assert.deepEqual(whyOf(half, late, statuses(0)), {
    state: 'unknown',
    because: 'no node that answers holds anything of it; of its owners n1 (down) could not be asked',
    blockers: [],
  });
  assert.equal(whyOf(onAll(live), late, statuses(0)).state, 'live');
  assert.equal(whyOf(onAll({ ...live, expiresAt: 200 * second }), late, statuses(0)).state, 'expired');
  assert.equal(whyOf(onAll(dead), late, statuses(0)).state, 'deleted');
});

test('names everything that keeps a delete from being purged', () => {
  const table: [string, KeyReport, ClusterReply, number, RegExp[]][] = [
    ['young', onAll(dead), view(130 * second), 0, [/too young: .* 30s/]],
    ['a node that hangs', onAll(dead), view(200 * second, { n1: { leaving: true } }), 0, [/n1 is down/]],
    [
      'a node that recovers',
      onAll(dead),
      view(200 * second, { n1: { state: 'recovering' } }),
      0,
      [/n1 is rec/],
    ],
    ['hints', onAll(dead), view(200 * second, { n2: { hints: 3 } }), 0, [/n2 holds 3 hints/]],
    [
      'an owner that missed it',
      report({ n0: dead, n1: { bucket: 'default', key: 'k', value: 'v', time: 1, writer: 'w' } }),
      view(200 * second),
      0,
      [/n1 has an older version/, /n2 does not have the delete/],
    ],
    ['nothing but time', onAll(dead), view(200 * second), 0, [/next round/]],
    ['agreed on', onAll(dead), view(200 * second), 100 * second, [/next compaction/]],
  ];
  for (const [what, key, cluster, floor, patterns] of table) {
    const { blockers } = whyOf(key, cluster, statuses(floor));
    assert.equal(blockers.length, patterns.length, `${what}: ${blockers.join('; ')}`);
    for (const [i, pattern] of patterns.entries()) assert.match(blockers[i] ?? '', pattern, what);
  }
});

test('says how long the owners have agreed on a delete that waits for late repairs', () => {
  const name = 'default/n0+n1+n2';
  const at = (since: number, floor = 100 * second) =>
    whyOf(onAll(dead), view(200 * second), statuses(0, { [name]: { floor, since } })).blockers;
  assert.match(at(170 * second).join(), /^all owners had it .* for 30s$/);
  assert.match(at(130 * second).join(), /^the next round/);
  assert.match(at(190 * second, 99 * second).join(), /^the next round/);
});
