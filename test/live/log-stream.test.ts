// A stream of a log broker as the product reads it: with gaps, from the middle, in several batches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { NatsLogStream } from '../../src/nats/streams.js';
import { startEmulator } from '../support/emulator.js';

const name = 'LOG_STREAM_TEST';
/** More than one batch holds. */
const entries = 4100;
const all = Array.from({ length: entries }, (_, i) => i + 1);

/** What the entry with this sequence was stored with. */
const contentOf = (sequence: number) => (sequence === 7 ? '' : `entry ${sequence}`);

test('every entry that is there is read once, in order, under its own sequence', async t => {
  const emulator = await startEmulator(t, { nodes: 1, replicationFactor: 1 });
  const connection = await connect({ servers: emulator.logUrl('n0') });
  t.after(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name, subjects: ['stream.test.*'], allow_direct: true });
  for (const sequence of all) connection.publish(`stream.test.${sequence % 2}`, contentOf(sequence));
  await connection.flush();
  const stream = new NatsLogStream({ connection, node: 'n0', domain: null }, name);
  const read = async (from: number, to: number, options?: { subject?: string; limit?: number }) => {
    const found: number[] = [];
    await stream.read(
      from,
      to,
      ({ sequence, data }) => {
        assert.equal(Buffer.from(data).toString(), contentOf(sequence));
        found.push(sequence);
      },
      options,
    );
    return found;
  };
  const isOdd = (sequence: number) => sequence % 2 === 1;

  assert.deepEqual(await read(1, entries), all);
  assert.deepEqual(await read(5, 9), [5, 6, 7, 8, 9]);
  assert.deepEqual(await read(5, entries, { limit: 3000 }), all.slice(4, 3004));
  assert.deepEqual(await read(1, entries, { subject: 'stream.test.1' }), all.filter(isOdd));
  assert.deepEqual(await read(2, 12, { subject: 'stream.test.1', limit: 3 }), [3, 5, 7]);
  assert.deepEqual(await read(entries + 1, entries + 10), []);

  await manager.streams.purge(name, { seq: 4 });
  for (const gone of [8, 9, 2000, 2001, entries]) await manager.streams.deleteMessage(name, gone);
  const left = all.filter(sequence => sequence >= 4 && ![8, 9, 2000, 2001, entries].includes(sequence));
  assert.deepEqual(await read(1, entries), left);
  assert.deepEqual(await read(7, 11), [7, 10, 11]);
  assert.deepEqual(await read(8, 9), []);
  assert.deepEqual(await read(9, 2002, { limit: 4 }), [10, 11, 12, 13]);
});
