// The faults of `dynats chaos` that need root on Linux, each against a cluster whose nodes have disks of their own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { LoopDisks, whyNoDisks } from '../../src/chaos/disks.js';
import { startOwnCluster } from '../../src/chaos/own-cluster.js';
import type { PlannedBlow } from '../../src/chaos/plan.js';
import { run } from '../../src/chaos/run.js';
import { connect } from '../../src/index.js';
import { cleanUp, startEmulator, tempDir } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

/** Reported for each test that it keeps from running. */
const skip = whyNoDisks() ?? false;
const disksModule = new URL('../../src/chaos/disks.js', import.meta.url).href;

// What unmounts does so at the end of the process, which a signal would skip: such as the runner's, when a test takes too long.
process.once('SIGTERM', () => process.exit(143));

/** Mounts and loop devices that lie below a directory. */
function leftBelow(dir: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const devices = spawnSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], {
    encoding: 'utf8',
  });
  return [...mounts, ...devices.stdout.split('\n')].filter(line => line.includes(dir));
}

/** Load for a few seconds with this one fault in the middle, and the verdict of the checkers. */
async function strike(t: TestContext, blow: Pick<PlannedBlow, 'fault' | 'nodes'> & Partial<PlannedBlow>) {
  const events: string[] = [];
  const deaths: string[] = [];
  const cluster = await startOwnCluster({
    sync: 'always',
    hasDisks: true,
    hasNetwork: false,
    onDeath: (node, part, why) => void deaths.push(`the ${part} of ${node}: ${why}`),
  });
  const stores = path.dirname(cluster.disks?.storeOf('n0') ?? os.tmpdir());
  cleanUp(t, async () => {
    await cluster.close();
    assert.deepEqual(leftBelow(path.dirname(stores)), []);
  });
  const result = await run({
    cluster,
    connection: { servers: [...cluster.urls] },
    ...{ seed: 5, durationMs: 9000, everyMs: 9000, faults: [] },
    ...{ clients: 12, processes: 2, levels: 'mixed', keys: 100 },
    plan: [{ how: '', seed: 5, atMs: 3000, holdMs: 3000, ...blow }],
    signal: t.signal,
    onEvent: line => void events.push(line),
  });
  const { verdict, struck, unreadable, served, convergence } = result;
  t.diagnostic(
    `${verdict.acked} writes acknowledged, nothing succeeded for ${Math.round(result.unavailableMs)} ms at most`,
  );
  assert.deepEqual([struck.counts, struck.failures], [{ [blow.fault]: 1 }, []], events.join('\n'));
  assert.ok(verdict.acked > 50, `${verdict.acked} writes acknowledged`);
  assert.deepEqual(
    { violations: verdict.violations, unreadable, served, converged: convergence.converged },
    { violations: [], unreadable: 0, served: true, converged: true },
    events.join('\n'),
  );
  return { result, deaths };
}

test('a disk that loses power keeps what was fsynced and nothing else, and stores nothing meanwhile', {
  skip,
}, async t => {
  const disks = new LoopDisks(path.join(await tempDir(t), 'disks'));
  cleanUp(t, () => disks.remove());
  disks.make('a');
  const file = (name: string) => path.join(path.dirname(disks.storeOf('a')), name);
  const write = (name: string, isSynced: boolean) => {
    writeFileSync(file(name), name);
    const opened = openSync(file(name), 'r+');
    if (isSynced) fsyncSync(opened);
    closeSync(opened);
  };
  write('synced', true);
  write('not synced', false);
  disks.cutPower('a');
  assert.throws(() => write('too late', true), { code: 'EIO' });
  disks.restorePower('a');
  assert.equal(readFileSync(file('synced'), 'utf8'), 'synced');
  assert.equal(existsSync(file('not synced')) && statSync(file('not synced')).size > 0, false);
  write('again', true);
});

test('a full disk takes no more, and does once it is freed', { skip }, async t => {
  const disks = new LoopDisks(path.join(await tempDir(t), 'disks'));
  cleanUp(t, () => disks.remove());
  disks.make('a');
  const file = path.join(path.dirname(disks.storeOf('a')), 'file');
  const write = () => writeFileSync(file, Buffer.alloc(1024 * 1024));
  disks.fill('a', 64 * 1024);
  assert.throws(write, { code: 'ENOSPC' });
  disks.free('a');
  write();
});

test('disks are unmounted and deleted when what uses them fails', { skip }, async t => {
  const dir = path.join(await tempDir(t), 'disks');
  const script = `
    import { LoopDisks } from '${disksModule}';
    const disks = new LoopDisks('${dir}');
    disks.make('a');
    disks.make('b');
    throw new Error('as a test fails');`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stderr.includes('as a test fails')], [1, true], stderr);
  assert.deepEqual([leftBelow(dir), existsSync(dir)], [[], false]);
});

test('a node whose disk is full: no promise is broken, and it serves again', { skip }, async t => {
  await strike(t, { fault: 'disk-full', nodes: ['n1'], how: '4 KiB left' });
});

test('a log broker whose disk was full stores nothing more, and is started again once there is room', {
  skip,
}, async t => {
  const disks = new LoopDisks(path.join(await tempDir(t), 'disks'));
  cleanUp(t, () => disks.remove());
  for (const node of ['n0', 'n1', 'n2', 'n3']) disks.make(node);
  const told: string[] = [];
  const emulator = await startEmulator(t, {
    sync: 'always',
    storeOf: node => disks.storeOf(node),
    onProgress: line => void told.push(line),
  });
  await using client = await connect({ servers: [...emulator.urls] });
  const { pid } = emulator.report().nodes['n1']?.log ?? {};
  disks.fill('n1', 4096);
  const value = 'x'.repeat(5000);
  const write = (level: 'QUORUM' | 'ALL') =>
    Promise.allSettled(Array.from({ length: 16 }, (_, key) => client.put(key, value, { level })));
  const reason = async () => (await client.status('n1')).reason;
  await eventually(
    async () => {
      await write('QUORUM');
      return /its log broker is there but/.test((await reason()) ?? '');
    },
    { deadlineMs: 60_000, what: 'n1 says that its log is of no use' },
  );
  assert.equal(emulator.report().nodes['n1']?.log.pid, pid, 'not started again while there is no room');
  disks.free('n1');
  await eventually(async () => (await reason()) === null && emulator.report().nodes['n1']?.log.pid !== pid, {
    deadlineMs: 60_000,
    what: 'its log broker is another one',
  });
  assert.match(told.join('\n'), /n1: its log broker runs and is of no use/);
  await eventually(async () => (await write('ALL')).every(({ status }) => status === 'fulfilled'), {
    deadlineMs: 30_000,
    what: 'all owners take writes',
  });
});

test('a node that loses power: no promise is broken, and it serves again', { skip }, async t => {
  await strike(t, { fault: 'power-loss', nodes: ['n2'] });
});

test('all nodes lose power at once: nothing that was acknowledged is lost', { skip }, async t => {
  const nodes = ['n0', 'n1', 'n2', 'n3'];
  const { result } = await strike(t, { fault: 'power-loss-all', nodes });
  // They were away: what came through came from before and after.
  assert.ok(result.unavailableMs > 1000, `nothing succeeded for ${result.unavailableMs} ms at most`);
});
