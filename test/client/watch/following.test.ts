import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Following } from '../../../src/client/watch/following.js';
import type { Presence } from '../../../src/wire/generated/types.js';

const nodes = ['n0', 'n1', 'n2'];

function following(): { it: Following; missed: () => number } {
  let count = 0;
  const it = new Following(nodes, () => count++);
  return { it, missed: () => count };
}

function heartbeat(node: string, applied: number, log = 'life1'): Presence {
  const position = { log, sequence: applied, crc32: '00000000' };
  return { node, incarnation: 1, state: 'serving', time: 1, now: 1, remembers: {}, position, applied };
}

test('entries in sequence, and heartbeats that name no later one, tell of no gap', () => {
  const { it, missed } = following();
  it.presence(heartbeat('n0', 5));
  it.settle();
  it.entry('n0', 6);
  it.presence(heartbeat('n0', 5));
  it.entry('n0', 7);
  it.presence(heartbeat('n0', 7));
  assert.equal(missed(), 0);
});

test('an entry that is not the next tells of a gap, once', () => {
  for (const sequence of [8, 5]) {
    const { it, missed } = following();
    it.entry('n0', 6);
    it.entry('n0', sequence);
    it.entry('n0', sequence + 1);
    assert.equal(missed(), 1, String(sequence));
  }
});

test('a heartbeat that names an entry that has not come tells of a gap, once', () => {
  const { it, missed } = following();
  it.entry('n0', 6);
  it.presence(heartbeat('n0', 7));
  assert.equal(missed(), 1);
  it.presence(heartbeat('n0', 7));
  it.entry('n0', 8);
  assert.equal(missed(), 1);
});

test('another life of a log is a gap', () => {
  const { it, missed } = following();
  it.presence(heartbeat('n0', 6));
  it.presence(heartbeat('n0', 6, 'life2'));
  it.presence(heartbeat('n0', 6, 'life2'));
  assert.equal(missed(), 1);
});

test('a log first heard of after the watch has settled is a gap, one before is none', () => {
  const { it, missed } = following();
  it.entry('n0', 6);
  it.presence(heartbeat('n1', 6));
  it.settle();
  assert.equal(missed(), 0);
  it.entry('n2', 6);
  assert.equal(missed(), 1);
});

test('a node counts as followed from its heartbeat until it is gone', () => {
  const { it } = following();
  assert.equal(it.coverage([nodes]), 0);
  it.entry('n0', 1);
  assert.equal(it.coverage([nodes]), 0);
  for (const node of nodes) it.presence(heartbeat(node, 1));
  assert.equal(it.coverage([nodes]), 3);
  it.gone('n1');
  assert.equal(it.coverage([nodes]), 2);
  assert.equal(it.coverage([['n1', 'n2']]), 1);
});

test('nodes that are not of the cluster are not followed', () => {
  const { it, missed } = following();
  it.settle();
  it.entry('stranger', 1);
  it.presence(heartbeat('stranger', 9));
  assert.equal(missed(), 0);
});
