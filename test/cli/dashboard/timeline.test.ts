import assert from 'node:assert/strict';
import { test } from 'node:test';
import { happenings } from '../../../src/cli/dashboard/timeline.js';
import type { NodeView, View } from '../../../src/cli/dashboard/view.js';

const node: NodeView = {
  node: 'n1',
  zone: null,
  life: 'up',
  state: 'serving',
  reason: null,
  uptimeMs: 1,
  keys: 0,
  stored: 0,
  applied: 0,
  logBytes: 0,
  hintsHeld: {},
  hintsOwed: 0,
  broker: null,
  stream: null,
  version: null,
  antiEntropy: { rounds: 0, fetched: 0, sent: 0, running: null },
  seesDown: [],
  processes: null,
};

function view(change: Partial<NodeView>, isConnected = true): View {
  return {
    at: 0,
    isConnected,
    why: isConnected ? null : 'No broker answers',
    via: { way: 'relay', broker: null },
    cuts: null,
    servers: [],
    cluster: null,
    nodes: [{ ...node, ...change }],
    canFault: false,
  };
}

const told = (before: View, now: View) => happenings(before, now).map(({ kind, text }) => `${kind}: ${text}`);

test('what changed between two views is told once and in words', () => {
  const table: [Partial<NodeView>, Partial<NodeView>, string[]][] = [
    [{}, {}, []],
    [{}, { life: 'down', state: null }, ['down: n1 is down']],
    [{}, { life: 'paused', state: null }, ['down: n1 hangs (paused)']],
    [{ life: 'down', state: null }, {}, ['up: n1 answers again']],
    [{}, { state: 'recovering', reason: 'a hole' }, ['state: n1 is recovering: a hole']],
    [{ state: 'recovering' }, {}, ['state: n1 serves again']],
    [{}, { hintsOwed: 3 }, ['hints: hints are kept for n1']],
    [{ hintsOwed: 3 }, {}, ['hints: all hints for n1 are delivered']],
    [
      {},
      { antiEntropy: { rounds: 1, fetched: 1, sent: 0, running: null } },
      ['repair: anti-entropy of n1 moved 1 record'],
    ],
  ];
  for (const [before, now, expected] of table) assert.deepEqual(told(view(before), view(now)), expected);
});

test('a cluster that cannot be seen is not one whose nodes are dead', () => {
  assert.deepEqual(told(view({}), view({ life: 'down', state: null }, false)), [
    'relay: connection lost: No broker answers',
  ]);
  assert.deepEqual(told(view({ life: 'down', state: null }, false), view({})), [
    'relay: connected to the cluster',
  ]);
});

test('what became of a node while no broker was connected to is told as soon as it is seen', () => {
  const apart = view({ life: 'down', state: null }, false);
  const now = view({ life: 'down', state: null });
  assert.deepEqual(
    happenings(apart, now, view({})).map(({ text }) => text),
    ['connected to the cluster', 'n1 is down'],
  );
});
