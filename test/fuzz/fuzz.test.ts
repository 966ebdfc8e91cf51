// Some thousand messages to every subject, in process; `npm run fuzz` sends millions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzInProcess } from './in-process.js';

const perSeed = 1000;

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8])
  test(`no message harms a node or what it holds: seed ${seed}`, async () => {
    const { faults, sent, counted } = await fuzzInProcess(seed, perSeed);
    assert.deepEqual(faults, [], `again: npm run fuzz -- --messages ${perSeed} --seed ${seed}`);
    for (const role of ['client', 'peer', 'log', 'hints', 'presence'])
      assert.ok((sent[role] ?? 0) > 10, `few messages of role ${role}: ${sent[role]}`);
    assert.ok(counted > 10, 'log messages that are none are counted');
  });
