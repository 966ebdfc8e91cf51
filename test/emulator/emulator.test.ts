import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { Emulator } from '../../src/emulator/emulator.js';
import { EmulatorError } from '../../src/emulator/emulator-error.js';
import { parts } from '../../src/emulator/part.js';
import { waitUntil } from '../../src/emulator/wait-until.js';
import { cleanUp, emulatorOptions, processesOn, startEmulator } from '../support/emulator.js';

const noticeMs = 5000;
const testMs = 120_000;

describe('an emulator', { timeout: testMs }, () => {
  test('runs a bus server, a log broker and a replica for each node, and stops all of them', async t => {
    const options = await emulatorOptions(t, { nodes: 3, sync: 'lazy' });
    const emulator = await Emulator.start(options);
    cleanUp(t, () => emulator.stop());
    assert.deepEqual(emulator.nodes, ['n0', 'n1', 'n2']);
    assert.equal(emulator.urls[0], `nats://127.0.0.1:${options.port}`);
    assert.equal((await processesOn(options.dataDir)).length, 9);
    await emulator.stop();
    assert.deepEqual(await processesOn(options.dataDir), []);
  });

  test('goes on with the data and ports of its directory', async t => {
    const options = await emulatorOptions(t, { nodes: 1, sync: 'lazy' });
    const first = await Emulator.start(options);
    await first.stop();
    const second = await Emulator.start({ dataDir: options.dataDir });
    cleanUp(t, () => second.stop());
    assert.deepEqual(second.urls, first.urls);
    assert.deepEqual(second.cluster, first.cluster);
    assert.equal(second.report().nodes['n0']?.report?.state, 'serving');
  });

  test('refuses flags that contradict its data', async t => {
    const options = await emulatorOptions(t, { nodes: 1, sync: 'lazy' });
    await (await Emulator.start(options)).stop();
    await rejectsWith(Emulator.start({ dataDir: options.dataDir, nodes: 2 }), /made with --nodes 1, not 2/);
    await rejectsWith(
      Emulator.start({ dataDir: options.dataDir, partitioner: 'murmur3' }),
      /made with --partitioner byte-ordered, not murmur3/,
    );
  });

  test('refuses a directory that another one runs on, and one that holds something else', async t => {
    const emulator = await startEmulator(t, { nodes: 1 });
    const { dataDir } = await emulatorOptions(t, { nodes: 1 });
    writeFileSync(`${dataDir}/thesis.tex`, '');
    await rejectsWith(Emulator.start({ dataDir }), /is not empty \(thesis.tex\)/);
    const running = emulator.files('n0').dir.replace(/\/n0$/, '');
    await rejectsWith(
      Emulator.start({ dataDir: running }),
      new RegExp(`already running, pid ${process.pid}`),
    );
  });

  test('kills one node, its three processes and nothing else, and starts it again on the same ports', async t => {
    const emulator = await startEmulator(t);
    const before = emulator.report().nodes;
    const killed = await emulator.kill('n1');
    assert.deepEqual(killed.parts, parts);
    assert.equal(killed.observers, 3);
    assert.ok(killed.noticed, 'the other nodes noticed');
    const during = emulator.report().nodes;
    assert.deepEqual(
      Object.keys(during).filter(node => during[node]?.log.state !== 'running'),
      ['n1'],
    );
    assert.equal(during['n0']?.replica.pid, before['n0']?.replica.pid);

    const restarted = await emulator.restart('n1');
    assert.deepEqual(restarted.parts, parts);
    assert.equal(restarted.state, 'serving');
    assert.equal(emulator.report().nodes['n1']?.logUrl, before['n1']?.logUrl);
    await rejectsWith(emulator.restart('n1'), /n1 is already running/);
  });

  test('kills one part of a node alone', async t => {
    const emulator = await startEmulator(t, { nodes: 2 });
    await emulator.kill('n0', ['bus']);
    const { nodes } = emulator.report();
    assert.deepEqual(
      [nodes['n0']?.bus.state, nodes['n0']?.log.state, nodes['n0']?.replica.state],
      ['down', 'running', 'running'],
    );
    assert.deepEqual((await emulator.restart('n0')).parts, ['bus']);
    await rejectsWith(emulator.kill('n9'), /no node n9: the nodes are n0, n1/);
  });

  test('pauses a node, which the others notice, and lets it go on', async t => {
    const emulator = await startEmulator(t, { nodes: 3 });
    assert.ok((await emulator.pause('n2')).noticed);
    assert.equal(emulator.report().nodes['n2']?.replica.state, 'paused');
    await rejectsWith(emulator.restart('n2'), /n2 is paused/);
    assert.ok((await emulator.resume('n2')).noticed);
    assert.equal(emulator.report().nodes['n2']?.replica.state, 'running');
  });

  test('notes a process that dies by itself, and does not start it again', async t => {
    const deaths: string[] = [];
    const emulator = await startEmulator(t, {
      nodes: 1,
      onDeath: (node, part) => deaths.push(`${node}/${part}`),
    });
    process.kill(emulator.report().nodes['n0']?.bus.pid ?? assert.fail('no pid'), 'SIGKILL');
    assert.ok(await waitUntil(() => deaths.length > 0, { limitMs: noticeMs }));
    assert.deepEqual(deaths, ['n0/bus']);
    const { bus } = emulator.report().nodes['n0'] ?? assert.fail('no n0');
    assert.equal(bus.state, 'died');
    assert.match(bus.why ?? '', /SIGKILL/);
    assert.deepEqual((await emulator.restart('n0')).parts, ['bus']);
  });

  test('deletes the data of a node that does not run, and only then', async t => {
    const emulator = await startEmulator(t, { nodes: 2 });
    assert.throws(() => emulator.wipe('n1'), /kill n1 first/);
    await emulator.kill('n1');
    emulator.wipe('n1');
    assert.equal(existsSync(emulator.files('n1').store), false);
    await emulator.restart('n1');
    assert.equal(existsSync(emulator.files('n1').store), true);
  });

  test('runs beside another one', async t => {
    const one = await startEmulator(t, { nodes: 2 });
    const other = await startEmulator(t, { nodes: 2 });
    await one.kill('n0');
    const { nodes } = other.report();
    assert.equal(nodes['n0']?.replica.state, 'running');
    await one.stop();
    assert.deepEqual((await other.kill('n1')).parts, parts);
  });

  test('with a single broker has one server and a replica a node', async t => {
    const options = await emulatorOptions(t, { nodes: 3, broker: 'single', sync: 'lazy' });
    const emulator = await Emulator.start(options);
    cleanUp(t, () => emulator.stop());
    assert.deepEqual(emulator.urls, [`nats://127.0.0.1:${options.port}`]);
    assert.equal((await processesOn(options.dataDir)).length, 4);
    assert.deepEqual((await emulator.kill('n1')).parts, ['replica']);
    await rejectsWith(emulator.kill('n2', ['log']), /with a single broker/);
    assert.equal((await emulator.restart('n1')).state, 'serving');
  });
});

describe('an emulator that cannot start leaves no process and says why', { timeout: testMs }, () => {
  test('a port in use', async t => {
    const options = await emulatorOptions(t, { nodes: 2 });
    const taken = (options.port ?? 0) + 2;
    const server = createServer();
    await new Promise<void>(resolve => server.listen(taken, '127.0.0.1', resolve));
    t.after(() => server.close());
    await rejectsWith(
      Emulator.start(options),
      new RegExp(`port ${taken} \\(for the log broker of n0\\) is in use.*--port`),
    );
    assert.deepEqual(await processesOn(options.dataDir), []);
  });

  test('a log broker that dies', async t => {
    const options = await emulatorOptions(t, { nodes: 2, sync: 'lazy' });
    const first = await Emulator.start(options);
    await first.stop();
    const { store } = first.files('n1');
    rmSync(store, { recursive: true });
    writeFileSync(store, 'a file where the store should be');
    await rejectsWith(Emulator.start(options), /the log broker of n1 did not start: .*not a directory/);
    assert.deepEqual(await processesOn(options.dataDir), []);
    // The directory is free again.
    rmSync(store);
    await (await Emulator.start(options)).stop();
  });

  test('a data directory that is a file', async t => {
    const { dataDir } = await emulatorOptions(t);
    writeFileSync(`${dataDir}/file`, '');
    await rejectsWith(Emulator.start({ dataDir: `${dataDir}/file` }), /cannot use the data directory/);
  });

  test('an interruption', async t => {
    const controller = new AbortController();
    const options = await emulatorOptions(t, {
      nodes: 2,
      signal: controller.signal,
      onProgress: line => line.startsWith('Starting the replicas') && controller.abort(),
    });
    await rejectsWith(Emulator.start(options), /interrupted/);
    assert.deepEqual(await processesOn(options.dataDir), []);
  });

  for (const [what, option, message] of [
    ['too many nodes', { nodes: 17 }, /--nodes must be a whole number from 1 to 16/],
    [
      'a replication factor over the number of nodes',
      { nodes: 2, replicationFactor: 3 },
      /--rf must be .* from 1 to 2/,
    ],
    ['a port too high for the block', { port: 65530 }, /--port must be .* from 1 to 65520/],
  ] as const)
    test(what, async t => {
      const options = await emulatorOptions(t, { ...option });
      await rejectsWith(Emulator.start(options), message);
      assert.deepEqual(await processesOn(options.dataDir), []);
    });
});

async function rejectsWith(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, error => {
    assert.ok(error instanceof EmulatorError, `an expected failure, not ${String(error)}`);
    assert.match(error.message, message);
    assert.equal(error.message.includes('\n'), false, 'one line');
    return true;
  });
}
