// How fast a node with a long log serves again, and that it says how far it is.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '../../src/emulator/emulator.js';
import { connect } from '../../src/index.js';
import { openConnection } from '../../src/nats/connection.js';
import { NatsReplicaLog } from '../../src/nats/streams.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';
import { subjects } from '../../src/wire/subjects.js';
import { startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

const servesWithinMs = 15_000;
const patienceMs = 60_000;
/** Messages published between two waits for the broker. */
const messagesPerFlush = 200;

interface Content {
  records: number;
  recordsPerEntry: number;
}

const keyOf = (i: number) => `key${i}`;
const textOf = (i: number) => `value ${i}`;

/** Writes straight to a node's log, as a coordinator does, but without waiting for each ack. */
async function fill(emulator: Emulator, node: string, { records, recordsPerEntry }: Content): Promise<void> {
  const connection = await openConnection({
    servers: [emulator.logUrl(node)],
    name: 'test',
    timeoutMs: 5000,
  });
  const log = new NatsReplicaLog({ connection, node, domain: node });
  const before = await log.state();
  const time = Date.now() * 1000;
  let published = 0;
  for (let from = 0; from < records; from += recordsPerEntry) {
    const texts = Array.from({ length: recordsPerEntry }, (_, i) =>
      encodeRecord({
        bucket: 'default',
        key: keyOf(from + i),
        value: textOf(from + i),
        time: time + from + i - records,
        writer: 'test',
      }),
    );
    connection.publish(subjects.log(node), encodeEntry(texts));
    if (++published % messagesPerFlush === 0) await connection.flush();
  }
  await eventually(async () => (await log.state()).entries >= before.entries + published, {
    deadlineMs: 120_000,
    what: 'the log holds all entries',
  });
  await connection.close();
}

async function comesBack(t: TestContext, emulator: Emulator, node: string, content: Content): Promise<void> {
  // The others would note its every entry; without its replica it just stores.
  await emulator.kill(node, ['replica']);
  await fill(emulator, node, content);
  await emulator.kill(node);

  const others = emulator.urls.filter((_, i) => emulator.nodes[i] !== node);
  await using client = await connect({ servers: others, timeoutMs: 10_000 });
  const seen: { applied: number; total: number }[] = [];
  let back = false;
  const watching = (async () => {
    while (!back) {
      const status = await client.status(node, { timeoutMs: 1000 }).catch(() => undefined);
      if (status?.caughtUp !== undefined) seen.push(status.caughtUp);
      await delay(50);
    }
  })();
  // A node that never serves must fail the test, not hang it.
  const restarted = await Promise.race([
    emulator.restart(node),
    delay(patienceMs, undefined, { ref: false }),
  ]);
  back = true;
  await watching;
  assert.ok(restarted !== undefined, `not serving after ${patienceMs} ms`);
  const { state, tookMs } = restarted;
  const amounts = seen.map(({ applied, total }) => `${applied}/${total}`).join(' ');
  t.diagnostic(`serving after ${Math.round(tookMs)} ms; on the way: ${amounts}`);

  assert.equal(state, 'serving');
  assert.ok(tookMs <= servesWithinMs, `serving after ${Math.round(tookMs)} ms`);
  const partly = seen.filter(({ applied, total }) => applied > 0 && applied < 0.95 * total);
  assert.ok(partly.length > 0, `it did not say how far it was: ${amounts}`);
  const { keys } = await client.status(node);
  assert.equal(keys, content.records);
  for (const i of [0, Math.floor(content.records / 2), content.records - 1])
    assert.equal((await client.get(keyOf(i), { level: 'ONE', via: node }))?.string(), textOf(i));
}

test('a node with a long log serves again within 15 s and says how far it is', async t => {
  // The second node would soon be given what it shares with the first, and its keys would not be those of its log alone.
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await t.test('with 1,000,000 records in entries of 500', t =>
    comesBack(t, emulator, 'n2', { records: 1_000_000, recordsPerEntry: 500 }),
  );
  await t.test('with 100,000 records in entries of one', t =>
    comesBack(t, emulator, 'n1', { records: 100_000, recordsPerEntry: 1 }),
  );
});
