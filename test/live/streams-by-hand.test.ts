// The streams of a node, changed or deleted by hand while it runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiscardPolicy, type StreamInfo } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect, Level } from '../../src/index.js';
import { startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

test('what somebody changed of how a log keeps entries is put back, and what was stored meanwhile is read', async t => {
  const emulator = await startEmulator(t, {
    nodes: 1,
    replicationFactor: 1,
    replica: withoutAntiEntropy,
  });
  await using client = await connect({ servers: [...emulator.urls] });
  const connection = await connectNats({ servers: emulator.logUrl('n0') });
  t.after(() => connection.close());
  const ask = async (verb: string, body: object = {}) =>
    (await connection.request(`$JS.API.STREAM.${verb}.LOG_n0`, JSON.stringify(body))).json<StreamInfo>();
  const { config } = await ask('INFO');
  const isAsItWas = async () => {
    const now = (await ask('INFO')).config;
    assert.deepEqual({ ...now, metadata: {} }, { ...config, metadata: {} });
  };
  await ask('UPDATE', {
    ...config,
    subjects: ['elsewhere'],
    republish: { src: 'elsewhere', dest: 'somewhere' },
    discard: DiscardPolicy.Old,
    max_age: 3_600_000_000_000,
    max_msgs_per_subject: 100_000,
    allow_direct: false,
    no_ack: true,
  });
  await eventually(isAsItWas, { deadlineMs: 10_000, what: 'the log is as it was' });

  await ask('UPDATE', { ...config, republish: undefined });
  await client.put('key', 'acknowledged');
  await eventually(
    async () => assert.equal((await client.get('key', { level: Level.One }))?.string(), 'acknowledged'),
    { deadlineMs: 10_000, what: 'the replica has read what it was not told of' },
  );
  await eventually(isAsItWas, { deadlineMs: 10_000, what: 'the log tells its replica again' });
});

test('hints that somebody deleted with their stream are counted, and others are kept in their place', async t => {
  const emulator = await startEmulator(t, { nodes: 2, replicationFactor: 2, replica: withoutAntiEntropy });
  await using client = await connect({ servers: [...emulator.urls] });
  await emulator.kill('n1');
  const put = (value: string) => client.put('key', value, { level: Level.One, via: 'n0' });
  const holdsOne = async () => {
    const { targets } = await client.hints('n0');
    assert.deepEqual(
      targets.map(({ target, entries }) => [target, entries]),
      [['n1', 1]],
    );
  };
  const deadlineMs = 10_000;
  await client.hints('n0', { action: 'set', windowMs: 3_600_000 });
  await put('lost');
  await eventually(
    async () => {
      await holdsOne();
      assert.equal((await client.status('n0')).hints.held['n1'], 1);
    },
    { deadlineMs, what: 'n0 holds a hint and knows of it' },
  );
  const connection = await connectNats({ servers: emulator.logUrl('n0') });
  t.after(() => connection.close());
  await connection.request('$JS.API.STREAM.DELETE.HINTS_n0', '');

  await eventually(async () => assert.equal((await client.hints('n0')).dropped, 1), {
    deadlineMs,
    what: 'the loss is counted',
  });
  await put('kept');
  await eventually(holdsOne, { deadlineMs, what: 'another hint is held' });
  const config = (await connection.request('$JS.API.STREAM.INFO.HINTS_n0', '')).json<StreamInfo>().config;
  assert.equal(config.max_age, (3_600_000 + 60_000) * 1_000_000, 'by the rules set before');
});
