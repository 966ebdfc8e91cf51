// Some thousand messages to every subject of real nodes, over real brokers; `npm run fuzz -- --brokers` sends millions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzedCluster, fuzzOnBrokers } from '../fuzz/on-brokers.js';
import { startEmulator } from '../support/emulator.js';

const messages = 2000;
const seed = 1;

test('no message harms a real node or what it holds', async t => {
  const emulator = await startEmulator(t, fuzzedCluster);
  const { faults, counted } = await fuzzOnBrokers(emulator, seed, messages);
  assert.deepEqual(faults, [], `again: npm run fuzz -- --messages ${messages} --seed ${seed} --brokers`);
  assert.ok(counted > 10, 'log messages that are none are counted');
});
