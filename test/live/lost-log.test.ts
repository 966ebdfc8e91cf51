// A node whose log lost something says so, takes writes and answers no reads: quorum arithmetic assumes that a replica
// never forgets what it acknowledged, and disks do forget.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import type { Emulator } from '../../src/emulator/emulator.js';
import type { ReplicaSettings } from '../../src/emulator/options.js';
import { Part } from '../../src/emulator/part.js';
import {
  type Client,
  connect,
  ErrorCode,
  Level,
  type StatusReply,
  UnavailableError,
} from '../../src/index.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';
import { flipBit, keepCopy, restoreOldCopy } from '../support/damage.js';
import { dynats, startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { statusWhen as statusThat } from '../support/status-when.js';
import { busUrl, openStreams } from '../support/streams.js';

/** Owned by n0, n1 and n2. */
const key = 5;
/** A node that finds out something about its log has found it out by then. */
const noticeMs = 8000;

interface Cluster {
  readonly emulator: Emulator;
  /** Connected through n3, which keeps its log. */
  readonly client: Client;
}

/** Four nodes with some records, each owner's log with all of its own. */
async function filled(t: TestContext, records = 20, replica: ReplicaSettings = {}): Promise<Cluster> {
  // Without anti-entropy, which would have made the node whole before anybody looked.
  const emulator = await startEmulator(t, { replica: { antiEntropy: { enabled: false }, ...replica } });
  const client = await connect({
    servers: busUrl(emulator, 'n3'),
    timeoutMs: 5000,
    nats: { ignoreClusterUpdates: true },
  });
  t.after(() => client.close());
  for (let i = 0; i < records; i++) await client.put(key, `value ${i}`, { level: Level.All });
  return { emulator, client };
}

function statusWhen(
  client: Client,
  node: string,
  what: string,
  check: (status: StatusReply) => boolean,
): Promise<StatusReply> {
  return statusThat(client, node, { what, check, deadlineMs: noticeMs });
}

const isRecovering = ({ state }: StatusReply) => state === 'recovering';

/** Every node that is up sees every other in the state given. */
async function seenAs(
  client: Client,
  node: string,
  state: StatusReply['state'],
  by: readonly string[],
): Promise<void> {
  for (const other of by)
    await statusWhen(client, other, `sees ${node} ${state}`, ({ peers }) => peers[node]?.state === state);
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it succeeded'),
    (error: unknown) => error,
  );
}

/** What a replica says on its own read subject. */
async function askReplica(
  emulator: Emulator,
  node: string,
): Promise<{ refused?: string; answers: unknown[] }> {
  await using streams = await openStreams(emulator, 'n3');
  const request = JSON.stringify({ reads: [{ bucket: 'default', key: String(key), want: 'record' }] });
  const reply = await streams.connection.request(`dynats.replica.${node}.read`, request, { timeout: 2000 });
  return reply.json();
}

/** All that is promised of a node that is recovering. Leaves n2 dead. */
async function assertRecovers({ emulator, client }: Cluster, node: 'n1', reason: RegExp): Promise<void> {
  const status = await statusWhen(client, node, 'says that it is recovering', isRecovering);
  assert.match(status.reason ?? '', reason);
  await seenAs(client, node, 'recovering', ['n0', 'n2', 'n3']);

  const shown = await dynats('status', '--data', path.dirname(emulator.files(node).dir));
  assert.match(shown.stdout, new RegExp(`^UR\\s+${node}\\b.*`, 'm'));
  assert.match(shown.stdout, reason);

  const { refused, answers } = await askReplica(emulator, node);
  assert.deepEqual({ refused, answers }, { refused: 'recovering', answers: [] });

  const before = (await client.status(node)).log.lastSequence;
  const { acked } = await client.put(key, 'while recovering', { level: Level.All });
  assert.equal(acked, 3, 'its log counts for writes');
  assert.ok((await client.status(node)).log.lastSequence > before, 'its log stores writes');
  assert.equal((await client.get(key, { level: Level.Quorum }))?.string(), 'while recovering');

  await emulator.kill('n2');
  for (const via of ['n0', node, 'n3']) {
    const error = await rejection(client.get(key, { level: Level.Quorum, via }));
    assert.ok(error instanceof UnavailableError, `through ${via}: ${String(error)}`);
    assert.deepEqual({ required: error.required, alive: error.alive }, { required: 2, alive: 1 });
  }
  assert.equal((await client.get(key, { level: Level.One, via: node }))?.string(), 'while recovering');
  await client.put(key, 'at two', { level: Level.Two, via: node });
}

/** It must not forget that it forgot. */
async function assertStaysRecovering({ emulator, client }: Cluster, node: string): Promise<void> {
  const { reason } = await statusWhen(client, node, 'is recovering', isRecovering);
  await emulator.kill(node);
  const { state } = await emulator.restart(node);
  assert.equal(state, 'recovering');
  assert.equal((await statusWhen(client, node, 'is recovering again', isRecovering)).reason, reason);
}

async function assertServes(client: Client, nodes: readonly string[]): Promise<void> {
  for (const node of nodes)
    assert.equal((await statusWhen(client, node, 'serves', ({ state }) => state === 'serving')).reason, null);
}

/** `by` has written into its own log that it saw an entry behind `after` in `node`'s. */
async function noted(emulator: Emulator, node: string, after: number, by: string): Promise<void> {
  await using streams = await openStreams(emulator, by);
  const manager = await jetstreamManager(streams.connection, { domain: by, checkAPI: false });
  await eventually(
    async () => {
      const { state } = await manager.streams.info(`LOG_${by}`);
      for (let seq = state.last_seq; seq >= state.first_seq; seq--) {
        const entry = (await manager.direct.getMessage(`LOG_${by}`, { seq }))?.json<{
          note?: { positions: Record<string, { sequence: number }> };
        }>();
        if (entry?.note !== undefined) return (entry.note.positions[node]?.sequence ?? 0) > after;
      }
      return false;
    },
    { deadlineMs: noticeMs, what: `${by} notes a position of ${node} behind ${after}` },
  );
}

async function deleteLog(emulator: Emulator, node: string): Promise<void> {
  const connection = await connectNats({ servers: emulator.logUrl(node) });
  const manager = await jetstreamManager(connection, { checkAPI: false });
  await manager.streams.delete(`LOG_${node}`);
  await connection.close();
}

test('a brand-new cluster, a restarted node and a restart of everything are not recovering', async t => {
  const { emulator, client } = await filled(t);
  const { nodes } = emulator;
  await assertServes(client, nodes);
  await emulator.kill('n1');
  assert.equal((await emulator.restart('n1')).state, 'serving');
  await assertServes(client, nodes);
  await Promise.all(nodes.map(node => emulator.kill(node)));
  const restarted = await Promise.all(nodes.map(node => emulator.restart(node)));
  assert.deepEqual(
    restarted.map(({ state }) => state),
    ['serving', 'serving', 'serving', 'serving'],
  );
  await assertServes(client, nodes);
  assert.equal((await client.get(key, { level: Level.All }))?.string(), 'value 19');
});

test('a node whose data directory was deleted is recovering', async t => {
  const cluster = await filled(t);
  await cluster.emulator.kill('n1');
  cluster.emulator.wipe('n1');
  await cluster.emulator.restart('n1');
  await assertStaysRecovering(cluster, 'n1');
  await assertRecovers(cluster, 'n1', /the log is missing; peers remember it up to entry \d+/);
});

test('a node whose log was deleted through JetStream while its replica was down is recovering', async t => {
  const cluster = await filled(t);
  await cluster.emulator.kill('n1', [Part.Replica]);
  await deleteLog(cluster.emulator, 'n1');
  await cluster.emulator.restart('n1');
  await assertRecovers(cluster, 'n1', /the log is missing/);
});

test('a node whose log is deleted while it runs is recovering, and has a log again', async t => {
  const cluster = await filled(t);
  await deleteLog(cluster.emulator, 'n1');
  await statusWhen(cluster.client, 'n1', 'notices', isRecovering);
  await assertStaysRecovering(cluster, 'n1');
  await assertRecovers(cluster, 'n1', /the log is missing; it was there before/);
});

test('a node with an older copy of its store is recovering, also after it has stored as much again', async t => {
  const cluster = await filled(t, 5);
  const { emulator, client } = cluster;
  await emulator.kill('n1');
  await keepCopy(emulator, 'n1');
  await emulator.restart('n1');
  await statusWhen(client, 'n0', 'sees n1 serving', ({ peers }) => peers['n1']?.readable === true);
  const { lastSequence } = (await client.status('n1')).log;
  for (let i = 0; i < 5; i++) await client.put(key, `later ${i}`, { level: Level.All });
  for (const by of ['n0', 'n2']) await noted(emulator, 'n1', lastSequence, by);
  await Promise.all(emulator.nodes.map(node => emulator.kill(node)));
  await restoreOldCopy(emulator, 'n1');

  // Alone it cannot know; what it stores now takes the sequence numbers of what it lost.
  assert.equal((await emulator.restart('n1')).state, 'serving');
  const alone = await connect({ servers: busUrl(emulator, 'n1'), nats: { ignoreClusterUpdates: true } });
  t.after(() => alone.close());
  for (let i = 0; i < 20; i++) await alone.put(key, `alone ${i}`, { level: Level.One });
  for (const node of ['n0', 'n2', 'n3']) await emulator.restart(node);
  const status = await statusWhen(alone, 'n1', 'learns from its peers that it lost entries', isRecovering);
  assert.match(status.reason ?? '', /entry \d+ is not the one that peers saw acknowledged/);
  await assertStaysRecovering(cluster, 'n1');
});

test('a node whose log is shorter than its peers remember is recovering', async t => {
  const cluster = await filled(t, 5);
  const { emulator, client } = cluster;
  await emulator.kill('n1');
  await keepCopy(emulator, 'n1');
  await emulator.restart('n1');
  for (let i = 0; i < 10; i++) await client.put(key, `later ${i}`, { level: Level.All });
  await emulator.kill('n1');
  await restoreOldCopy(emulator, 'n1');
  await emulator.restart('n1');
  await assertRecovers(cluster, 'n1', /the log ends at entry \d+; peers remember it up to entry \d+/);
});

test('a node with one flipped bit in the middle of its log is recovering', async t => {
  const cluster = await filled(t);
  await cluster.emulator.kill('n1');
  await flipBit(cluster.emulator, 'n1');
  await cluster.emulator.restart('n1');
  await assertRecovers(cluster, 'n1', /the log ends at entry|missing|is not the one/);
});

test('a node whose log has an entry with a wrong checksum is recovering', async t => {
  const cluster = await filled(t);
  await using streams = await openStreams(cluster.emulator, 'n3');
  const data = Buffer.from(
    encodeEntry([encodeRecord({ bucket: 'default', key: 'x', value: 'right', time: 1, writer: 'w' })]),
  );
  data.write('wrong', data.indexOf('right'));
  await streams.connection.request('dynats.log.n1', data);
  await assertRecovers(cluster, 'n1', /entry \d+ is damaged: checksum/);
});

test('a node whose log lost its oldest entries is recovering; one that compaction trimmed is not', async t => {
  const cluster = await filled(t, 60, { compaction: { minBytes: 0, ratio: 1.1 } });
  const { emulator, client } = cluster;
  const { log } = await statusWhen(client, 'n1', 'compacts', status => status.log.firstSequence > 1);
  await emulator.kill('n1');
  assert.equal((await emulator.restart('n1')).state, 'serving');
  assert.equal((await client.get(key, { level: Level.All }))?.string(), 'value 59');
  await client.put(key, 'newest', { level: Level.All });

  const connection = await connectNats({ servers: emulator.logUrl('n1') });
  const manager = await jetstreamManager(connection, { checkAPI: false });
  await emulator.kill('n1', [Part.Replica]);
  const { state } = await manager.streams.info('LOG_n1');
  assert.ok(state.first_seq >= log.firstSequence);
  await manager.streams.purge('LOG_n1', { seq: state.last_seq });
  await connection.close();
  await emulator.restart('n1');
  await assertRecovers(cluster, 'n1', /entries \d+ to \d+ are missing/);
});

test('a node that starts without a log before its peers can be asked serves only once all have denied it', async t => {
  const { emulator } = await filled(t);
  await Promise.all(emulator.nodes.map(node => emulator.kill(node)));
  emulator.wipe('n1');
  assert.equal((await emulator.restart('n1')).state, 'recovering');
  const alone = await connect({ servers: busUrl(emulator, 'n1'), nats: { ignoreClusterUpdates: true } });
  t.after(() => alone.close());
  assert.match((await alone.status('n1')).reason ?? '', /n0.*could not be asked/);
  const error = await rejection(alone.get(key, { level: Level.One }));
  assert.ok(error instanceof UnavailableError && error.code === ErrorCode.Unavailable);
  for (const node of ['n0', 'n2', 'n3']) await emulator.restart(node);
  const status = await statusWhen(alone, 'n1', 'hears that it had a log', ({ reason }) =>
    /another log/.test(reason ?? ''),
  );
  assert.equal(status.state, 'recovering');
  await statusWhen(alone, 'n1', 'sees the other owners serving', ({ peers }) =>
    ['n0', 'n2'].every(peer => peers[peer]?.readable === true),
  );
  assert.equal((await alone.get(key, { level: Level.Quorum }))?.string(), 'value 19');
});

test('a node wiped while everything restarts at once is recovering', async t => {
  const { emulator, client } = await filled(t);
  for (let round = 0; round < 3; round++) {
    await Promise.all(emulator.nodes.map(node => emulator.kill(node)));
    emulator.wipe('n1');
    await Promise.all(emulator.nodes.map(node => emulator.restart(node)));
    await statusWhen(client, 'n1', 'is recovering', isRecovering);
  }
  assert.equal((await client.get(key, { level: Level.Quorum }))?.string(), 'value 19');
});

test('a node wiped right after the first acknowledged write is recovering', async t => {
  const { emulator } = await filled(t, 1);
  await Promise.all(emulator.nodes.map(node => emulator.kill(node)));
  emulator.wipe('n1');
  for (const node of ['n0', 'n2', 'n3', 'n1']) await emulator.restart(node);
  await using client = await connect({ servers: busUrl(emulator, 'n3') });
  await statusWhen(client, 'n1', 'is recovering', isRecovering);
});
