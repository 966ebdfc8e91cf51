// What each role may not do, tried on real brokers with nothing but a NATS client.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headers } from '@nats-io/transport-node';
import { connect, ForbiddenError } from '../../src/index.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';
import { Role, roles } from '../../src/wire/permissions.js';
import { wholeFile } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { intruder, intruderAs, logState, quietLogs, startSecured, withKeyOf } from '../support/secured.js';

const { Client, Direct, Inspector, Operator } = Role;

const file = wholeFile();
let started: ReturnType<typeof startSecured> | undefined;
/** One for all tests of this file. */
const secured = () => {
  started ??= startSecured(file, { nodes: 3, replica: { antiEntropy: { enabled: false } } });
  return started;
};

/** Subjects, and the roles that may publish there. Nobody else may. */
const publishable: readonly [string, readonly Role[]][] = [
  ['dynats.put', [Client, Direct, Operator]],
  ['dynats.batch', [Client, Direct, Operator]],
  ['dynats.delete', [Client, Direct, Operator]],
  ['dynats.touch', [Client, Direct, Operator]],
  ['dynats.bucket', [Client, Direct, Operator]],
  ['dynats.node.n1.put', [Client, Direct, Operator]],
  ['dynats.get', roles],
  ['dynats.scan', roles],
  ['dynats.cluster', roles],
  ['dynats.node.n1.status', roles],
  ['dynats.node.n1.outcome', roles],
  ['dynats.node.n1.records', [Direct, Inspector, Operator]],
  ['dynats.node.n1.hints', [Inspector, Operator]],
  ['dynats.node.n1.order', [Operator]],
  ['dynats.node.n1.repair', [Operator]],
  ['dynats.log.n1', [Direct, Operator]],
  ['dynats.hints.n1.n2', [Direct, Operator]],
  ['dynats.replica.n1.read', [Direct, Operator]],
  ['dynats.replica.n1.remembered', []],
  ['dynats.replica.n1.tree', []],
  ['dynats.presence.n1', []],
  ['dynats.applied.n1', []],
  ['$JS.n1.API.STREAM.INFO.LOG_n1', [Operator]],
  ['$JS.n1.API.STREAM.PURGE.HINTS_n9', [Operator]],
  ['$JS.n1.API.DIRECT.GET.LOG_n1', [Operator]],
  ['$SRV.PING', roles],
  ['$SYS.REQ.SERVER.PING', []],
  ['_INBOX.client.x', []],
  ['_INBOX.operator.x', []],
  ['_INBOX_NODE.n1.x', []],
];

const hearable: readonly [string, readonly Role[]][] = [
  ['_INBOX.client.>', [Client]],
  ['_INBOX.operator.>', [Operator]],
  ['dynats.applied.*', roles],
  ['dynats.presence.*', roles],
  ['_INBOX.>', []],
  ['_INBOX.*.>', []],
  ['_INBOX_NODE.>', []],
  ['dynats.put', []],
  ['dynats.>', []],
  ['dynats.node.n1.put', []],
  ['dynats.log.*', []],
  ['dynats.hints.*.*', []],
  ['dynats.replica.n1.read', []],
  ['$SRV.PING', []],
  ['$JS.n1.API.>', []],
  ['$SYS.>', []],
  ['>', []],
];

test('every role may publish and hear what it needs, and nothing else', async t => {
  const { emulator } = await secured();
  for (const role of roles) {
    const user = await intruderAs(t, emulator, role);
    for (const [subject, allowed] of publishable)
      assert.equal(
        await user.mayNotPublish(subject),
        !allowed.includes(role),
        `${role} publishes on ${subject}`,
      );
    for (const [subject, allowed] of hearable)
      assert.equal(await user.mayNotSubscribe(subject), !allowed.includes(role), `${role} hears ${subject}`);
    // Nor may it share the coordinators' queue and answer in their place.
    assert.ok(await user.mayNotSubscribe('dynats.put', 'dynats'), role);
  }
});

/** Where an attacker would have an answer go. */
const targets = [
  'dynats.log.n0',
  'dynats.log.n1',
  'dynats.hints.n0.n1',
  'dynats.presence.n1',
  'dynats.replica.n1.read',
  '$JS.n1.API.STREAM.PURGE.LOG_n1',
  '$JS.API.STREAM.PURGE.LOG_n0',
  '$JS.n1.API.STREAM.DELETE.LOG_n1',
];

test('no reply subject makes a node or a broker write, purge or answer for somebody', async t => {
  const { emulator, secret } = await secured();
  await using store = await connect(emulator.connectionAs(Client));
  for (let key = 0; key < 250; key += 25) await store.put(String(key), 'kept', { level: 'ALL' });
  const operator = (await intruderAs(t, emulator, Operator)).connection;
  // n1 itself, listening for what is not meant for it.
  const asN1 = await intruder(t, { servers: emulator.logUrl('n1'), ...withKeyOf(secret, 'n1') });
  let forged = 0;
  asN1.connection.subscribe('_INBOX_NODE.n1.forged.*', { callback: () => void forged++ });
  await asN1.connection.flush();
  await quietLogs(operator, emulator.nodes);
  const logs = () => Promise.all(emulator.nodes.map(node => logState(operator, node)));
  const before = await logs();
  const refusedBefore = (await store.status('n0')).refused['badReply'] ?? 0;

  const asked: [Role, string][] = [
    [Client, 'dynats.node.n0.put'],
    [Client, 'dynats.node.n0.cluster'],
    [Client, 'dynats.node.n0.status'],
    [Client, 'dynats.put'],
    [Inspector, 'dynats.node.n0.records'],
    [Inspector, 'dynats.node.n0.get'],
    [Inspector, '$SRV.PING.dynats-n0'],
    [Operator, 'dynats.node.n0.repair'],
    [Direct, 'dynats.replica.n0.read'],
  ];
  for (const [role, subject] of asked) {
    const { connection } = await intruderAs(t, emulator, role);
    for (const reply of targets)
      connection.publish(subject, '{"key":"0","value":"never","level":"ONE"}', { reply });
    // Users' questions are not answered to nodes' inboxes either. (Nodes do ask each other for these three.)
    if (!/status|records|replica/.test(subject))
      connection.publish(subject, '{}', { reply: '_INBOX_NODE.n1.forged.x' });
    await connection.flush();
  }
  await eventually(
    async () => {
      const { refused } = await store.status('n0');
      return (refused['badReply'] ?? 0) - refusedBefore >= 6 * targets.length;
    },
    { deadlineMs: 5000, what: 'n0 has counted what it dropped' },
  );
  assert.equal(forged, 0);
  assert.deepEqual(await logs(), before);
  assert.equal((await store.get('0', { level: 'ALL' }))?.string(), 'kept');
});

test('an ack sent to the JetStream API purges nothing', async t => {
  const { emulator } = await secured();
  await using store = await connect(emulator.connectionAs(Client));
  for (let i = 0; i < 10; i++) await store.put('5', `v${i}`, { level: 'ALL' });
  const operator = (await intruderAs(t, emulator, Operator)).connection;
  await quietLogs(operator, ['n0']);
  const before = (await logState(operator, 'n0')).last;
  // Who may write to a log has the broker answer wherever he says.
  const record = { bucket: 'default', key: '5', value: 'x', time: 1, writer: 'client~aaaaaaaa' };
  const entry = encodeEntry([encodeRecord(record)]);
  for (const url of [emulator.urls[0], emulator.logUrl('n0')]) {
    const { connection } = await intruderAs(t, emulator, Direct, url);
    for (const api of ['$JS.API', '$JS.n0.API'])
      for (const verb of ['PURGE', 'DELETE', 'UPDATE'])
        connection.publish('dynats.log.n0', entry, { reply: `${api}.STREAM.${verb}.LOG_n0` });
    await connection.flush();
  }
  await eventually(async () => (await logState(operator, 'n0')).last >= before + 12, {
    deadlineMs: 5000,
    what: 'the entries are stored',
  });
  const { first, last, messages } = await logState(operator, 'n0');
  assert.deepEqual([first, messages], [1, last]);
  assert.equal((await store.get('5', { level: 'ALL' }))?.string(), 'v9');
});

test('a message trace goes nowhere its sender may not publish', async t => {
  const { emulator } = await secured();
  const operator = (await intruderAs(t, emulator, Operator)).connection;
  await quietLogs(operator, ['n0']);
  const destination = headers();
  destination.set('Nats-Trace-Dest', 'dynats.log.n0');
  const before = (await logState(operator, 'n0')).last;
  const traced = async (role: Role) => {
    const { connection } = await intruderAs(t, emulator, role);
    connection.publish('dynats.cluster', '{}', { headers: destination });
    await connection.flush();
  };
  await traced(Client);
  await traced(Inspector);
  await operator.flush();
  assert.equal((await logState(operator, 'n0')).last, before);
  // That it is a way at all: who may write to logs anyway has them written so.
  await traced(Direct);
  await eventually(async () => (await logState(operator, 'n0')).last > before, {
    deadlineMs: 5000,
    what: 'the trace is in the log',
  });
});

test('what a user may not do fails at once, and says so', async () => {
  const { emulator } = await secured();
  await using inspector = await connect(emulator.connectionAs(Inspector));
  const forbidden = (subject: RegExp) => (error: unknown) =>
    error instanceof ForbiddenError && subject.test(error.message) && error.effect === 'none';
  const begun = performance.now();
  await assert.rejects(inspector.put('1', 'v'), forbidden(/may not publish on dynats\.(node\.n\d\.)?batch/));
  await assert.rejects(inspector.repair('n0'), forbidden(/dynats\.node\.n0\.repair/));
  await assert.rejects(
    inspector.hints('n0', { action: 'drop', target: 'n1' }),
    forbidden(/dynats\.node\.n0\.order/),
  );
  await assert.rejects(inspector.buckets.create('b'), forbidden(/bucket/));
  assert.ok(performance.now() - begun < 1500);
  assert.equal((await inspector.hints('n0')).node, 'n0');
  // With an inbox that is not its own it would wait for answers that never come.
  const { nats, ...rest } = emulator.connectionAs(Client);
  const { inboxPrefix: _, ...without } = nats ?? {};
  await using deaf = await connect({ ...rest, nats: without });
  await assert.rejects(deaf.put('1', 'v'), forbidden(/inbox prefix/));
});
