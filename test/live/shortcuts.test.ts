// A client in mode direct takes shortcuts to the nodes' log brokers, and the bus where there is none.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Emulator } from '../../src/emulator/emulator.js';
import { type Client, type ConnectOptions, connect, Level, Mode } from '../../src/index.js';
import type { NatsBus } from '../../src/nats/bus.js';
import { openConnection } from '../../src/nats/connection.js';
import { Shortcuts } from '../../src/nats/shortcuts.js';
import { encodeJson } from '../../src/wire/json.js';
import { subjects } from '../../src/wire/subjects.js';
import { startEmulator, wholeFile } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl } from '../support/streams.js';

/** Owned by n0, n1 and n2. */
const key = '5';
const readRequest = encodeJson({ reads: [{ bucket: 'default', key, want: 'version' }] });

const value = 'v'.repeat(50_000);

/** A direct client on the bus server of n3, and how much it sends there. */
async function directClient(t: TestContext, emulator: Emulator, options: ConnectOptions = {}) {
  const client = await connect({
    servers: busUrl(emulator, 'n3'),
    mode: Mode.Direct,
    nats: { ignoreClusterUpdates: true },
    ...options,
  });
  t.after(() => client.close());
  // Not part of the client's interface.
  const { connection } = (client as unknown as { bus: NatsBus }).bus;
  const sent = () => connection.stats().outBytes;
  return {
    client,
    /** Puts and gets once; bytes of it that were sent to the bus server, beside the probes. */
    onBus: async () => {
      const before = sent();
      await client.put(key, value, { level: Level.All });
      assert.equal((await client.get(key, { level: Level.All }))?.string(), value);
      return sent() - before;
    },
  };
}

const noneOnBus = (onBus: () => Promise<number>) =>
  eventually(async () => assert.ok((await onBus()) < value.length), {
    deadlineMs: 15_000,
    what: 'the shortcuts are taken',
  });

const file = wholeFile();
let started: Promise<Emulator> | undefined;
/** One for all tests of this file: each leaves every node running. */
const running = () => {
  started ??= startEmulator(file);
  return started;
};

test('appends take the shortcuts once these are open, and the bus where they are not wanted', async t => {
  const emulator = await running();
  const { onBus } = await directClient(t, emulator);
  await noneOnBus(onBus);
  const nats = { ignoreClusterUpdates: true };
  for (const options of [{ shortcuts: false }, { nats: { ...nats, token: 'secret' } }]) {
    const other = await directClient(t, emulator, options);
    for (let i = 0; i < 5; i++) assert.ok((await other.onBus()) >= 3 * value.length);
  }
});

test('a node that was killed is reached over its new shortcut when it is back', async t => {
  const emulator = await running();
  const { client, onBus } = await directClient(t, emulator);
  await noneOnBus(onBus);
  await emulator.kill('n1');
  await client.put(key, 'meanwhile', { level: Level.Quorum });
  await emulator.restart('n1');
  await eventually(() => client.put(key, 'again', { level: Level.All }), {
    deadlineMs: 15_000,
    what: 'n1 takes writes',
  });
  await noneOnBus(onBus);
});

/** Shortcuts to n1 of a running emulator, and the connections they made. */
async function shortcutsTo(t: TestContext, emulator: Emulator, client: Client) {
  const connections: NatsConnection[] = [];
  let now = 0;
  const shortcuts = new Shortcuts({
    monotonic: () => now,
    open: async url => {
      const nats = { reconnect: false, ignoreClusterUpdates: true };
      const connection = await openConnection({ servers: [url], name: 'test', timeoutMs: 5000, nats });
      connections.push(connection);
      return connection;
    },
  });
  t.after(() => shortcuts.close());
  const { server } = (await client.cluster()).peers.find(({ node }) => node === 'n1')?.broker ?? {};
  assert.ok(server !== undefined);
  const subject = subjects.read('n1');
  const opened = () =>
    eventually(
      async () => {
        const shortcut = shortcuts.to(subject);
        assert.ok(shortcut !== undefined);
        return shortcut;
      },
      { deadlineMs: 5000, what: 'the shortcut is open' },
    );
  const later = (ms: number) => {
    now += ms;
  };
  return { shortcuts, connections, server, url: emulator.logUrl('n1'), subject, opened, later };
}

test('a shortcut that broke fails what waits, and is opened again later', async t => {
  const emulator = await running();
  await using client = await connect({ servers: emulator.urls as string[] });
  const { shortcuts, connections, server, url, subject, opened, later } = await shortcutsTo(
    t,
    emulator,
    client,
  );
  shortcuts.heard('n1', { url, server });
  const shortcut = await opened();
  assert.ok((await shortcut.request(subject, readRequest, 5000)).data.length > 0);
  await emulator.pause('n1', ['replica']);
  const waiting = assert.rejects(shortcut.request(subject, readRequest, 60_000), { kind: 'closed' });
  await connections[0]?.flush();
  await connections[0]?.close();
  await waiting;
  await emulator.resume('n1');
  assert.equal(shortcuts.to(subject), undefined);
  assert.equal(connections.length, 1, 'not again at once');
  later(5000);
  assert.ok((await (await opened()).request(subject, readRequest, 5000)).data.length > 0);
  assert.equal(connections.length, 2);
});

test('a server that is not the one named is not taken for it', async t => {
  const emulator = await running();
  await using client = await connect({ servers: emulator.urls as string[] });
  const { shortcuts, connections, server, url, subject, opened, later } = await shortcutsTo(
    t,
    emulator,
    client,
  );
  shortcuts.heard('n1', { url: emulator.logUrl('n2'), server });
  assert.equal(shortcuts.to(subject), undefined);
  await eventually(async () => assert.ok(connections[0]?.isClosed()), {
    deadlineMs: 5000,
    what: 'it is closed',
  });
  later(60_000);
  assert.equal(shortcuts.to(subject), undefined);
  assert.equal(connections.length, 1);
  shortcuts.heard('n1', { url, server });
  await opened();
});

test('a shortcut whose server does not answer is not used until it does', async t => {
  const emulator = await running();
  await using client = await connect({ servers: emulator.urls as string[] });
  const { shortcuts, server, url, subject, opened } = await shortcutsTo(t, emulator, client);
  shortcuts.heard('n1', { url, server });
  const shortcut = await opened();
  await emulator.pause('n1', ['log']);
  await assert.rejects(shortcut.request(subject, readRequest, 100), { kind: 'timeout' });
  assert.equal(shortcuts.to(subject), undefined);
  await emulator.resume('n1');
  await opened();
});
