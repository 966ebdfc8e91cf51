// Reads above ONE answer only what they have made durable: a write that reached one owner and failed is either repaired
// before it is told, or not told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import type { Emulator } from '../../src/emulator/emulator.js';
import { ReadTimeoutError } from '../../src/index.js';
import { coordinatorsOf, openClients } from '../support/coordinators.js';
import { startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { openStreams } from '../support/streams.js';

/** Owned by n0, n1 and n2. */
const owners = ['n0', 'n1', 'n2'];

const recordOf = (key: string, value: string) => ({
  bucket: 'default',
  key,
  value,
  time: Date.now() * 1000,
  writer: 'failed',
});

/** From now on the log of `node` stores nothing, as on a full disk; until it is called again with false. */
async function refuseWrites(emulator: Emulator, node: string, isFull: boolean): Promise<void> {
  const connection = await connectNats({ servers: emulator.logUrl(node) });
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const { config, state } = await manager.streams.info(`LOG_${node}`);
  await manager.streams.update(`LOG_${node}`, { ...config, max_msgs: isFull ? state.messages : -1 });
  await connection.close();
}

test('of successive quorum reads through any coordinators none is older than the one before', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await using clients = await openClients(emulator, 'n3');
  await using streams = await openStreams(emulator, 'n3');
  const coordinators = coordinatorsOf(clients, emulator.nodes);
  for (let i = 0; i < 60; i++) {
    const key = `!${i}`;
    await clients.api.put(key, 'base', { level: 'ALL' });
    await streams.append(owners[i % owners.length] ?? '', [recordOf(key, 'failed')]);
    const seen: (string | undefined)[] = [];
    for (let read = 0; read < 6; read++) {
      const by = coordinators[(i * 5 + read * 7) % coordinators.length];
      assert.ok(by !== undefined);
      seen.push((await by.client.get(key, { ...by.via, level: 'QUORUM' }))?.string());
    }
    const first = seen.indexOf('failed');
    assert.deepEqual(
      seen,
      seen.map((_, read) => (first >= 0 && read >= first ? 'failed' : 'base')),
      key,
    );
  }
});

test('a read whose repair is not stored fails, and is answered once it can be', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await using clients = await openClients(emulator, 'n3');
  await using streams = await openStreams(emulator, 'n3');
  const { api } = clients;
  const key = '!refused';
  await api.put(key, 'base', { level: 'ALL' });
  await streams.append('n0', [recordOf(key, 'failed')]);
  for (const node of ['n1', 'n2']) await refuseWrites(emulator, node, true);
  await assert.rejects(api.get(key, { via: 'n0', level: 'QUORUM', timeoutMs: 1500 }), (error: unknown) => {
    assert.ok(error instanceof ReadTimeoutError, String(error));
    assert.deepEqual({ required: error.required, received: error.received }, { required: 2, received: 1 });
    return true;
  });
  assert.equal((await api.get(key, { via: 'n0', level: 'ONE' }))?.string(), 'failed', 'ONE repairs nothing');
  for (const node of ['n1', 'n2']) await refuseWrites(emulator, node, false);
  assert.equal((await api.get(key, { via: 'n0', level: 'QUORUM' }))?.string(), 'failed');
  const copies = await Promise.all(['n1', 'n2'].map(async node => streams.log(node)));
  const holders = copies.filter(log => log.some(record => record.key === key && record.value === 'failed'));
  assert.ok(holders.length >= 1, 'another log has it');
});
