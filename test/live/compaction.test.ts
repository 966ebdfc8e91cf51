// Compaction while clients write: the log stays small, and a kill at any moment of it loses nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Part } from '../../src/emulator/part.js';
import { connect } from '../../src/index.js';
import { openConnection } from '../../src/nats/connection.js';
import { cleanUp, startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { fill, heldBy, recordOf } from '../support/filled-store.js';
import { lostWrites, Writer } from '../support/load.js';
import { serves } from '../support/status-when.js';
import { busUrl } from '../support/streams.js';

/** Owned by n0, n1 and n2. */
const key = '5';
const target = 'n1';
const minBytes = 100_000;

test('the log of a key that is overwritten again and again stays small', async t => {
  const emulator = await startEmulator(t, { replica: { compaction: { minBytes, ratio: 2 } } });
  await using client = await connect({ servers: busUrl(emulator, 'n3'), mode: 'direct', timeoutMs: 10_000 });
  const rounds = 6;
  const value = (i: number) => `${i} ${'x'.repeat(1000)}`;
  let overwrites = 0;
  let enough = false;
  const write = async () => {
    while (!enough) await client.put(key, value(overwrites++), { level: 'ALL' });
  };
  let largest = 0;
  const writing = Promise.all(Array.from({ length: 4 }, write));
  const compacted = eventually(
    async () => {
      const { log } = await client.status(target);
      largest = Math.max(largest, log.bytes);
      return log.compactions >= rounds;
    },
    { deadlineMs: 60_000, what: `the log has been compacted ${rounds} times` },
  );
  await Promise.race([compacted, writing]);
  enough = true;
  await writing;
  const { log } = await eventually(
    async () => {
      const status = await client.status(target);
      assert.ok(status.log.bytes <= minBytes, `${status.log.bytes} bytes`);
      return status;
    },
    { deadlineMs: 20_000, what: 'the log is small again' },
  );
  t.diagnostic(`${overwrites} overwrites of 1 kB; at most ${largest} bytes, at the end ${log.bytes}`);
  assert.ok(largest < (overwrites * 1000) / 2, `${largest} bytes`);

  await emulator.kill(target);
  await emulator.restart(target);
  await serves(client, target);
  const newest = await client.get(key, { level: 'ALL' });
  assert.equal((await client.records(target, { keys: [key] })).records[0]?.value, newest?.string());
});

/** Moments of a compaction, by what is published then on the log's broker. */
const moments: Readonly<Record<string, { subject: string; isIt: (data: string) => boolean }>> = {
  'while it moves what is live': {
    subject: `dynats.applied.${target}`,
    isIt: data => data.includes(`"key":"${recordOf(0).key}"`),
  },
  'between the note of the purge and the purge': {
    subject: `dynats.applied.${target}`,
    isIt: data => data.includes('"purgedThrough"'),
  },
  'while it purges': { subject: `$JS.API.STREAM.PURGE.LOG_${target}`, isIt: () => true },
};

test('a node killed while it compacts its log has lost nothing', async t => {
  // Without anti-entropy, which would make good what compaction lost.
  const emulator = await startEmulator(t, {
    replica: { compaction: { minBytes, ratio: 2 }, antiEntropy: { enabled: false } },
  });
  const servers = [busUrl(emulator, 'n3')];
  await using client = await connect({ servers, timeoutMs: 10_000, nats: { ignoreClusterUpdates: true } });
  // Never overwritten: compaction carries them on again and again.
  await fill(client, 0, 300);
  const kept = await heldBy(client, target);
  assert.equal(kept.size, 300);
  const writers = await Promise.all(
    ['a', 'b', 'c', 'd'].map(name => Writer.start(t, { name: `m${name}`, servers, mode: 'direct' })),
  );
  const parts: readonly (readonly Part[] | undefined)[] = [undefined, ['replica'], ['log']];
  for (const [round, [moment, { subject, isIt }]] of Object.entries(moments).entries()) {
    const watcher = await openConnection({
      servers: [emulator.logUrl(target)],
      name: 'test',
      timeoutMs: 5000,
    });
    cleanUp(t, () => watcher.close());
    const seen = new Promise<void>(resolve => {
      watcher.subscribe(subject, { callback: (_, message) => void (isIt(message.string()) && resolve()) });
    });
    const isNot = sleep(60_000, undefined, { ref: false }).then(() => assert.fail(`no moment ${moment}`));
    await Promise.race([seen, isNot]);
    await emulator.kill(target, parts[round]);
    await emulator.restart(target);
    await serves(client, target);
    const held = await heldBy(client, target);
    for (const [of, record] of kept) assert.equal(held.get(of), record, `${of}, killed ${moment}`);
  }
  for (const writer of writers) await writer.stop();
  assert.deepEqual(
    writers.flatMap(({ failures }) => failures),
    [],
  );
  assert.deepEqual(await lostWrites(client, writers), []);
  t.diagnostic(`${writers.reduce((sum, { calls }) => sum + calls, 0)} writes, ${parts.length} kills`);
});
