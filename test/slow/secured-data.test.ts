// Data that is secured, opened and secured again; and one server for all, secured.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emulator } from '../../src/emulator/emulator.js';
import { BrokerMode } from '../../src/emulator/options.js';
import { connect, Mode } from '../../src/index.js';
import { Role } from '../../src/wire/permissions.js';
import { emulatorOptions, startEmulator } from '../support/emulator.js';
import { intruderAs } from '../support/secured.js';

for (const broker of Object.values(BrokerMode))
  test(`with broker ${broker} data stays when it is opened and secured again, and keys are good as before`, async t => {
    const options = await emulatorOptions(t, { nodes: 3, sync: 'lazy', broker });
    const secured = await Emulator.start({ ...options, secure: true });
    const asClient = secured.connectionAs(Role.Client);
    try {
      await using store = await connect(asClient);
      await store.put('137', 'one', { level: 'ALL' });
    } finally {
      await secured.stop();
    }
    const open = await Emulator.start({ ...options, secure: false });
    try {
      await using store = await connect({ servers: [...open.urls] });
      assert.equal((await store.get('137'))?.string(), 'one');
      await store.put('137', 'two', { level: 'ALL' });
      await assert.rejects(connect(asClient), /tls/i);
    } finally {
      await open.stop();
    }
    const again = await startEmulator(t, { ...options, secure: true });
    await assert.rejects(connect({ servers: [...again.urls] }), /certificate/);
    await using store = await connect(asClient);
    assert.equal((await store.get('137'))?.string(), 'two');
  });

test('on one server for all, users and nodes may do no more than on servers of their own', async t => {
  const emulator = await startEmulator(t, { nodes: 3, secure: true, broker: BrokerMode.Single });
  await using direct = await connect({ ...emulator.connectionAs(Role.Direct), mode: Mode.Direct });
  await direct.put('137', 'one', { level: 'ALL' });
  const client = await intruderAs(t, emulator, Role.Client);
  for (const subject of [
    'dynats.log.n1',
    'dynats.hints.n0.n1',
    '$JS.API.STREAM.PURGE.LOG_n1',
    'dynats.presence.n1',
  ])
    assert.ok(await client.mayNotPublish(subject), `a client publishes ${subject}`);
  for (const subject of ['_INBOX.operator.>', '_INBOX_NODE.n0.>', 'dynats.put', 'dynats.log.*'])
    assert.ok(await client.mayNotSubscribe(subject), `a client hears ${subject}`);
  const inspector = await intruderAs(t, emulator, Role.Inspector);
  for (const subject of ['dynats.put', 'dynats.batch', 'dynats.log.n1', '$JS.API.STREAM.DELETE.LOG_n1'])
    assert.ok(await inspector.mayNotPublish(subject), `an inspector publishes ${subject}`);
  assert.equal((await direct.get('137'))?.string(), 'one');
});
