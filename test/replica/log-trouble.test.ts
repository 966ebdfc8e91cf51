import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLife, ReplicaLog, StreamState } from '../../src/ports.js';
import { LogTrouble } from '../../src/replica/log-trouble.js';
import { systemClock } from '../../src/system.js';

const state: StreamState = { firstSequence: 1, lastSequence: 7, entries: 7, bytes: 70, missing: 0 };
const life: LogLife = { id: 'a', recovering: null };

function given() {
  let nowMs = 0;
  let changes = 0;
  const broker = { answers: true, isConnected: true };
  const answer = async <T>(what: T): Promise<T> => {
    if (!broker.answers) throw new Error('timeout');
    return what;
  };
  const log = { life: () => answer(life), state: () => answer(state) };
  const trouble = new LogTrouble({
    clock: { ...systemClock, monotonic: () => nowMs },
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    log: log as unknown as ReplicaLog,
    isConnected: () => broker.isConnected,
    onState: () => changes++,
  });
  const after = (ms: number) => {
    nowMs += ms;
  };
  return { trouble, broker, after, changes: () => changes };
}

test('a log that stores nothing is of no use once that has lasted, until it stores', () => {
  const { trouble, after, changes } = given();
  for (const _ of [1, 2, 3]) {
    trouble.ended('stores', false);
    assert.equal(trouble.reason, null);
    after(3000);
  }
  trouble.ended('stores', false);
  assert.match(trouble.reason ?? '', /stores nothing: once its disk has room, start it again/);
  trouble.ended('stores', true);
  assert.deepEqual([trouble.reason, changes()], [null, 2]);
});

test('two failures far apart are no measure, nor are many at once', () => {
  const { trouble, after } = given();
  trouble.ended('stores', false);
  after(60_000);
  trouble.ended('stores', false);
  assert.equal(trouble.reason, null);
  trouble.ended('stores', true);
  for (let i = 0; i < 100; i++) trouble.ended('stores', false);
  assert.equal(trouble.reason, null);
});

test('a broker that does not answer is told, and how far the log reached when it did', async () => {
  const { trouble, broker, after } = given();
  assert.deepEqual(await trouble.look(), { life, state });
  broker.answers = false;
  for (const _ of [1, 2, 3, 4]) {
    await assert.rejects(trouble.look(), /timeout/);
    after(3000);
  }
  assert.match(trouble.reason ?? '', /does not answer/);
  assert.deepEqual(await trouble.extent(), state);
  trouble.forget();
  assert.equal(trouble.reason, null);
  await assert.rejects(trouble.extent(), /timeout/);
});

test('without a connection its silence says nothing', async () => {
  const { trouble, broker, after } = given();
  Object.assign(broker, { answers: false, isConnected: false });
  for (const _ of [1, 2, 3, 4]) {
    await assert.rejects(trouble.look(), /timeout/);
    after(3000);
  }
  assert.equal(trouble.reason, null);
});
