// A node's name belongs to one process: a second one is refused, and the first goes on serving.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import { Part } from '../../src/emulator/part.js';
import { connect, Level } from '../../src/index.js';
import { dynats, startDynats, startEmulator, wholeFile } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl } from '../support/streams.js';

const file = wholeFile();
let started: Promise<Emulator> | undefined;
/** One for all tests of this file: each leaves every node running. */
const running = () => {
  started ??= startEmulator(file);
  return started;
};

test('a second process of a running node is refused with one line, and the first goes on serving', async () => {
  const emulator = await running();
  const { replicaConfig } = emulator.files('n1');
  await using client = await connect({ servers: busUrl(emulator, 'n0'), timeoutMs: 5000 });
  const first = await client.status('n1');
  let served = 0;
  let stop = false;
  const load = (async () => {
    while (!stop) {
      await client.put(served % 256, `value ${served}`, { level: Level.All, via: 'n1' });
      served++;
    }
  })();

  const second = await dynats('node', '--config', replicaConfig);
  stop = true;
  await load;
  assert.notEqual(second.code, 0);
  assert.equal(second.stdout, '');
  assert.match(second.stderr, /node n1 is running already.*stop it first/);
  assert.equal(second.stderr.trim().split('\n').length, 1, second.stderr);
  assert.ok(served > 0);

  const after = await client.status('n1');
  assert.deepEqual(
    { pid: after.pid, incarnation: after.incarnation, state: after.state, log: after.log.id },
    { pid: first.pid, incarnation: first.incarnation, state: 'serving', log: first.log.id },
  );
  assert.equal((await client.get(0, { level: Level.All, via: 'n1' }))?.key, '0');
});

test('a second process is refused while the first hangs', async () => {
  const emulator = await running();
  await using client = await connect({ servers: busUrl(emulator, 'n0'), timeoutMs: 5000 });
  const { pid } = await client.status('n1');
  await emulator.pause('n1', [Part.Replica]);
  const second = await dynats('node', '--config', emulator.files('n1').replicaConfig);
  assert.notEqual(second.code, 0);
  assert.match(second.stderr, /node n1 is running already, though it does not answer/);
  assert.equal(second.stderr.trim().split('\n').length, 1, second.stderr);
  await emulator.resume('n1');
  const again = await eventually(() => client.status('n1', { timeoutMs: 1000 }), {
    deadlineMs: 5000,
    what: 'n1 answers again',
  });
  assert.equal(again.pid, pid);
  await client.put(5, 'after', { level: Level.All, via: 'n1' });
});

test('a name is free again as soon as its process is gone', async () => {
  const emulator = await running();
  await emulator.kill('n1', [Part.Replica]);
  assert.equal((await emulator.restart('n1')).state, 'serving');
});

// The last one: the process that stays may be the second, which ends with the test.
test('of two processes of a node that start together at most one stays', async t => {
  const emulator = await running();
  await using client = await connect({ servers: busUrl(emulator, 'n0'), timeoutMs: 5000 });
  await emulator.kill('n1', [Part.Replica]);
  const restarting = emulator.restart('n1').then(
    () => 'stays',
    () => 'refused',
  );
  const abort = new AbortController();
  const second = startDynats(t, 'node', '--config', emulator.files('n1').replicaConfig);
  t.after(() => second.kill('SIGKILL'));
  const ended = second.finished.then(({ stderr }) => {
    abort.abort();
    return stderr;
  });
  await restarting;
  await eventually(
    async () => {
      const { pid } = await client.status('n1', { timeoutMs: 1000 });
      const own = emulator.report().nodes['n1']?.replica;
      const isSecondOver = abort.signal.aborted;
      return pid === second.pid ? own?.pid === null : isSecondOver;
    },
    { deadlineMs: 10_000, what: 'one of the two has given way' },
  );
  if (abort.signal.aborted) assert.match(await ended, /node n1 is running already/);
  await client.put(5, 'after', { level: Level.All });
});
