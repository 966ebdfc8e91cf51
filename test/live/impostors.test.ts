// Those who pretend to be what they are not: a node that claims another's name, a user who comes as a broker, nobody at all.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import { logBrokerConfig } from '../../src/emulator/broker-config.js';
import { freePorts } from '../../src/emulator/free-ports.js';
import { connect } from '../../src/index.js';
import { Role } from '../../src/wire/permissions.js';
import { cleanUp, tempDir, wholeFile } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { intruder, intruderAs, logState, quietLogs, startSecured, withKeyOf } from '../support/secured.js';

type Secret = (file: string) => string;

/** A broker of the attacker's own, that lets him do anything and joins the bus with somebody's key. */
async function rogueBroker(t: TestContext, secret: Secret, leafUrl: string, holder: string) {
  const { path: binary } = await ensureBinary('nats-server');
  const dir = await tempDir(t);
  const port = await freePorts(1);
  const config = logBrokerConfig({
    name: 'rogue',
    listen: '127.0.0.1',
    port,
    store: path.join(dir, 'store'),
    domain: 'rogue',
    sync: 'lazy',
    portsDir: dir,
    bus: [leafUrl],
    credentials: {
      nkeySeed: readFileSync(secret(`${holder}.nkey`), 'utf8').trim(),
      tlsCa: secret('ca.pem'),
      tlsCert: secret('n0.pem'),
      tlsKey: secret('n0-key.pem'),
    },
  });
  const configFile = path.join(dir, 'rogue.conf');
  const logFile = path.join(dir, 'rogue.log');
  writeFileSync(configFile, config, { mode: 0o600 });
  const broker = spawn(binary, ['-c', configFile, '-l', logFile], { stdio: 'ignore' });
  const ended = new Promise(done => broker.once('exit', done));
  cleanUp(t, async () => {
    broker.kill('SIGKILL');
    await ended;
  });
  const connection = await eventually(
    () => connectNats({ servers: `127.0.0.1:${port}`, reconnect: false, noEcho: true }),
    {
      deadlineMs: 10_000,
      what: 'the rogue broker listens',
    },
  );
  cleanUp(t, () => connection.close());
  return { connection, log: () => readFileSync(logFile, 'utf8') };
}

/** What a connection hears of messages whose content begins so. */
function hear(connection: NatsConnection, subject: string, mark: string): string[] {
  const heard: string[] = [];
  connection.subscribe(subject, {
    callback: (_, message) => void (message.string().startsWith(mark) && heard.push(message.subject)),
  });
  return heard;
}

const file = wholeFile();
let started: ReturnType<typeof startSecured> | undefined;
/** One for all tests of this file. */
const secured = () => {
  started ??= startSecured(file, { nodes: 3, replica: { antiEntropy: { enabled: false } } });
  return started;
};

test('a node with its key and a broker of its own is itself and no other node', async t => {
  const { emulator, secret } = await secured();
  const port = Number(new URL(emulator.urls[0] ?? '').port);
  const { connection: rogue } = await rogueBroker(t, secret, `nats-leaf://127.0.0.1:${port + 9}`, 'n0');
  const user = await intruderAs(t, emulator, Role.Operator);
  const presence = hear(user.connection, 'dynats.presence.*', 'rogue');
  await user.connection.flush();
  // What it may do shows that its messages arrive.
  await eventually(
    async () => {
      rogue.publish('dynats.presence.n0', 'rogue');
      await rogue.flush();
      await user.connection.flush();
      return presence.length > 0;
    },
    { deadlineMs: 10_000, what: 'the rogue is joined to the bus' },
  );

  const overheard: string[] = [];
  for (const subject of [
    'dynats.log.n1',
    'dynats.hints.n1.*',
    'dynats.replica.n1.*',
    'dynats.node.n1.*',
    'dynats.applied.n1',
    '_INBOX.client.>',
    '_INBOX_NODE.n1.>',
    '$JS.n1.API.>',
  ])
    rogue.subscribe(subject, { callback: (_, message) => void overheard.push(message.subject) });
  await rogue.flush();
  await quietLogs(user.connection, ['n1']);
  const before = await logState(user.connection, 'n1');
  for (const subject of ['dynats.presence.n1', 'dynats.presence.n9', 'dynats.put', 'dynats.node.n1.order'])
    rogue.publish(subject, 'rogue');
  for (const verb of ['PURGE', 'DELETE'])
    rogue.publish(`$JS.n1.API.STREAM.${verb}.LOG_n1`, '', { reply: '_INBOX_NODE.n0.x' });
  rogue.publish('dynats.presence.n0', 'rogue: the last');
  await rogue.flush();
  await using client = await connect(emulator.connectionAs(Role.Client));
  // Owned by all three.
  await client.put('100', 'secret', { level: 'ALL' });
  assert.equal((await client.get('100', { level: 'ALL' }))?.string(), 'secret');
  await eventually(() => presence.length > 1, { deadlineMs: 5000, what: 'the last message has come' });
  assert.deepEqual([...new Set(presence)], ['dynats.presence.n0']);
  assert.deepEqual(overheard, []);
  const after = await logState(user.connection, 'n1');
  assert.equal(after.first, before.first);
  assert.ok(after.messages > before.messages);
});

test('a user cannot join as a broker', async t => {
  const { emulator, secret } = await secured();
  const port = Number(new URL(emulator.urls[0] ?? '').port);
  for (const user of [Role.Client, Role.Operator]) {
    const { log } = await rogueBroker(t, secret, `nats-leaf://127.0.0.1:${port + 9}`, user);
    await eventually(() => assert.match(log(), /Leafnode Error 'Authorization Violation'/), {
      deadlineMs: 10_000,
      what: `${user} is refused`,
    });
  }
});

test('a node at its own log broker does no more than its work', async t => {
  const { emulator, secret } = await secured();
  const n0 = await intruder(t, { servers: emulator.logUrl('n0'), ...withKeyOf(secret, 'n0') });
  const other = await intruder(t, { servers: emulator.logUrl('n1'), ...withKeyOf(secret, 'n0') });
  for (const subject of [
    'dynats.presence.n1',
    'dynats.applied.n0',
    'dynats.put',
    'dynats.node.n1.order',
    '$JS.API.STREAM.DELETE.LOG_n0',
    '$JS.API.CONSUMER.CREATE.LOG_n0',
    '$JS.n1.API.STREAM.PURGE.LOG_n1',
  ])
    assert.ok(await n0.mayNotPublish(subject), subject);
  for (const subject of ['dynats.replica.n1.read', '_INBOX.>', '_INBOX_NODE.n1.>', 'dynats.log.n0', '>'])
    assert.ok(await n0.mayNotSubscribe(subject), subject);
  // At another node's broker it may take the shortcut, and no more.
  for (const subject of ['dynats.log.n1', 'dynats.replica.n1.read'])
    assert.equal(await other.mayNotPublish(subject), false, subject);
  for (const subject of [
    'dynats.log.n2',
    'dynats.presence.n1',
    'dynats.replica.n1.tree',
    '$JS.API.STREAM.PURGE.LOG_n1',
    '$JS.API.STREAM.INFO.LOG_n1',
    '_INBOX_NODE.n1.x',
  ])
    assert.ok(await other.mayNotPublish(subject), subject);
  // Nor does a direct client do more there, and others are not let in.
  const direct = await intruderAs(t, emulator, Role.Direct, emulator.logUrl('n1'));
  assert.equal(await direct.mayNotPublish('dynats.log.n1'), false);
  for (const subject of ['$JS.API.STREAM.PURGE.LOG_n1', 'dynats.put', 'dynats.presence.n1', 'dynats.log.n2'])
    assert.ok(await direct.mayNotPublish(subject), subject);
  for (const role of [Role.Client, Role.Inspector])
    await assert.rejects(intruderAs(t, emulator, role, emulator.logUrl('n1')), /Authorization Violation/i);
});

test('nobody gets in without a key, a password, or the certificate of the servers', async () => {
  const { emulator, secret } = await secured();
  const tls = { caFile: secret('ca.pem') };
  const password = readFileSync(secret('client.password'), 'utf8').trim();
  const first = Number(new URL(emulator.urls[0] ?? '').port);
  for (const servers of [emulator.urls[0] ?? '', emulator.logUrl('n0')]) {
    const options = { servers, reconnect: false };
    await assert.rejects(connectNats({ ...options, tls }), /Authorization Violation/i);
    await assert.rejects(connectNats({ ...options, tls, user: 'client', pass: 'guess' }), /Authorization/i);
    // Servers whose certificate nobody vouches for are not told the password.
    await assert.rejects(connectNats({ ...options, user: 'client', pass: password }), /certificate/);
  }
  const client = await connectNats({ servers: [...emulator.urls], tls, user: 'client', pass: password });
  await client.close();
  // Clients, log brokers and leaf nodes are greeted first, with what is demanded; one port each, of n0.
  for (const [port, isMutual] of [
    [first, false],
    [first + 3, false],
    [first + 9, true],
  ] as const) {
    const info = await greeting(connectTcp({ host: '127.0.0.1', port }));
    assert.equal(info?.tls_required, true, `${port}`);
    assert.equal(info?.tls_verify === true, isMutual, `${port}`);
  }
  // Routes are encrypted from the first byte, and closed to those without a certificate.
  const route = { host: '127.0.0.1', port: first + 6, ca: readFileSync(secret('ca.pem')) };
  const own = { cert: readFileSync(secret('server.pem')), key: readFileSync(secret('server-key.pem')) };
  assert.equal(await greeting(connectTls(route)), undefined);
  assert.notEqual(await greeting(connectTls({ ...route, ...own })), undefined);
});

interface Greeting {
  tls_required?: boolean;
  tls_verify?: boolean;
}

/** The first line of a server; undefined when it closes the connection instead. */
function greeting(socket: Socket): Promise<Greeting | undefined> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setTimeout(5000, () => reject(new Error('the server says nothing')));
    socket.setEncoding('utf8').on('data', data => {
      text += data;
      const line = /^INFO (.*)\r\n/.exec(text)?.[1];
      if (line === undefined) return;
      resolve(JSON.parse(line) as Greeting);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined)).on('close', () => resolve(undefined));
  });
}
