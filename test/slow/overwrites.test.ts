// The log of a key that is overwritten a million times, with the settings that everybody has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, Mode } from '../../src/index.js';
import { startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { serves } from '../support/status-when.js';
import { busUrl } from '../support/streams.js';

/** Owned by n0, n1 and n2. */
const key = '5';
const target = 'n1';
const overwrites = 1_000_000;
const underWay = 256;
/** Logs below this are left alone; the check comes every two seconds. */
const boundBytes = 4 * 16 * 1024 * 1024;

test('the log of a key that is overwritten a million times stays bounded', async t => {
  const emulator = await startEmulator(t);
  await using client = await connect({
    servers: busUrl(emulator, 'n3'),
    mode: Mode.Direct,
    timeoutMs: 30_000,
  });
  const value = (i: number) => `${i} ${'x'.repeat(100)}`;
  let next = 0;
  const write = async () => {
    while (next < overwrites) await client.put(key, value(next++));
  };
  let isOver = false;
  let largest = 0;
  const writing = Promise.all(Array.from({ length: underWay }, write)).finally(() => {
    isOver = true;
  });
  const watching = eventually(
    async () => {
      largest = Math.max(largest, (await client.status(target, { timeoutMs: 10_000 })).log.bytes);
      return isOver;
    },
    { deadlineMs: 20 * 60_000, what: 'everything is written' },
  );
  await Promise.all([writing, watching]);
  const { log } = await client.status(target);
  t.diagnostic(
    `log at most ${(largest / 1e6).toFixed(1)} MB, ${log.compactions} compactions, ${log.lastSequence} entries in all`,
  );
  assert.ok(largest < boundBytes, `${largest} bytes`);
  assert.ok(log.compactions > 0, 'compacted');

  await emulator.kill(target);
  await emulator.restart(target);
  await serves(client, target);
  const newest = await client.get(key, { level: 'ALL' });
  assert.equal((await client.records(target, { keys: [key] })).records[0]?.value, newest?.string());
});
