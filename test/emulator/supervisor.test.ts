// The emulator as the commands run it: processes that outlive each other.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { isAlive } from '../../src/emulator/process-table.js';
import { waitUntil } from '../../src/emulator/wait-until.js';
import {
  cleanUp,
  dynats,
  dynatsWith,
  emulatorOptions,
  processesOn,
  startDynats,
  startNpmStart,
  tempDir,
} from '../support/emulator.js';

const endMs = 10_000;
const testMs = 120_000;

type Flags = string[];

async function flagsFor(
  t: Parameters<typeof emulatorOptions>[0],
  nodes: number,
): Promise<{ dataDir: string; up: Flags; data: Flags }> {
  const { dataDir, port } = await emulatorOptions(t, { nodes });
  cleanUp(t, () => dynats('down', '--data', dataDir));
  const data = ['--data', dataDir];
  return {
    dataDir,
    data,
    up: ['up', '--nodes', String(nodes), '--port', String(port), '--sync', 'lazy', ...data],
  };
}

describe('dynats up', { timeout: testMs }, () => {
  test('prints the URLs when it is ready, and stops everything on SIGTERM', async t => {
    const { dataDir, up } = await flagsFor(t, 2);
    const supervisor = startDynats(t, ...up);
    await supervisor.printed('ready: nats://127.0.0.1:');
    assert.equal((await processesOn(dataDir)).length, 6);
    supervisor.kill('SIGTERM');
    const { code, stdout, stderr } = await supervisor.finished;
    assert.equal(code, 0);
    assert.match(stdout, /^ready: (nats:\S+),(nats:\S+) logs (nats:\S+),(nats:\S+)\n$/);
    assert.match(stderr, /Starting the brokers of 2 nodes/);
    assert.deepEqual(await processesOn(dataDir), []);
  });

  test('started twice at once on one directory runs exactly once', async t => {
    const { dataDir, up } = await flagsFor(t, 1);
    const rivals = [1, 2, 3].map(() => startDynats(t, ...up));
    const losers = rivals.map(({ finished }, i) => finished.then(result => ({ i, ...result })));
    const first = await Promise.race(losers);
    const second = await Promise.race(losers.filter((_, i) => i !== first.i));
    for (const { code, stderr } of [first, second]) {
      assert.equal(code, 3, stderr);
      assert.match(stderr, /^dynats: an emulator on .* is (already running, pid \d+|starting right now)/);
    }
    const winner = rivals.find((_, i) => i !== first.i && i !== second.i) ?? assert.fail('no winner');
    await winner.printed('ready: ');
    assert.equal((await processesOn(dataDir)).length, 3);
    winner.kill('SIGINT');
    assert.equal((await winner.finished).code, 0);
  });

  for (const next of ['up', 'down'] as const)
    test(`killed with SIGKILL leaves brokers, which the next ${next} ends`, async t => {
      const { dataDir, up, data } = await flagsFor(t, 2);
      const supervisor = startDynats(t, ...up);
      await supervisor.printed('ready: ');
      const before = await processesOn(dataDir);
      supervisor.kill('SIGKILL');
      await supervisor.finished;
      assert.ok(
        await waitUntil(async () => (await processesOn(dataDir)).length === 4, { limitMs: endMs }),
        'replicas stop themselves, the two brokers of each node stay',
      );
      if (next === 'down') {
        const { code, stdout } = await dynats('down', '--json', ...data);
        assert.equal(code, 0);
        assert.deepEqual(JSON.parse(stdout), { dataDir, pid: null, leftBehind: 4, purged: false });
        assert.deepEqual(await processesOn(dataDir), []);
        return;
      }
      const again = startDynats(t, ...up);
      await again.printed('ready: ');
      assert.deepEqual(before.filter(isAlive), [], 'the old ones are gone');
      again.kill('SIGTERM');
      const { code, stderr } = await again.finished;
      assert.equal(code, 0);
      assert.match(stderr, /Ended 4 processes left by an emulator that was killed/);
    });

  test('refuses words and numbers that it does not know', async () => {
    for (const [flags, message] of [
      [['--nodes', 'four'], /--nodes must be a whole number, not four/],
      [['--partitioner', 'random'], /--partitioner must be one of byte-ordered, murmur3/],
      [['--broker', 'none'], /--broker must be one of per-node, single/],
      [['--sync', 'never'], /--sync must be one of always, lazy/],
    ] as const) {
      const { code, stdout, stderr } = await dynats('up', '--data', '/tmp/dynats-never-made', ...flags);
      assert.equal(code, 3, stderr);
      assert.match(stderr, message);
      assert.equal(stdout, '');
    }
  });

  for (const how of [[], ['--detach']])
    test(`leaves a directory that is not its own as it is ${how.join('')}`.trimEnd(), async t => {
      const dir = await tempDir(t);
      await writeFile(`${dir}/thesis.tex`, '');
      const { code, stderr } = await dynats('up', '--data', dir, ...how);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /is not empty \(thesis.tex\)/);
      assert.deepEqual(await readdir(dir), ['thesis.tex']);
    });

  test('names a broker binary that is not there', async t => {
    const { up, dataDir } = await flagsFor(t, 1);
    const { code, stderr } = await dynatsWith({ DYNATS_NATS_SERVER: '/nowhere/nats-server' }, ...up);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /\/nowhere\/nats-server/);
    assert.deepEqual(await processesOn(dataDir), []);
  });
});

describe('npm start without a terminal', { timeout: testMs }, () => {
  test('runs on when its input ends, and SIGTERM to npm stops all of it', async t => {
    const { dataDir, up, data } = await flagsFor(t, 1);
    const [, ...flags] = up;
    const npm = startNpmStart(t, 'put 5 typed\n', ...flags, '--rf', '1');
    await npm.printed('ready: ');
    const read = await dynats('get', '5', ...data);
    assert.equal(read.code, 6, `it runs, and nobody took the input for a script: ${read.stderr}`);
    npm.kill('SIGTERM');
    const { code, stderr } = await npm.finished;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^Stopped\. Data stays/m);
    assert.deepEqual(await processesOn(dataDir), []);
  });
});

describe('an emulator in the background', { timeout: testMs }, () => {
  test('takes orders from other commands until it is told to stop', async t => {
    const { dataDir, up, data } = await flagsFor(t, 2);
    const started = await dynats(...up, '--detach');
    assert.equal(started.code, 0, started.stderr);
    assert.match(started.stdout, /^ready: /);
    assert.ok(started.stderr.includes(`dynats down --data ${dataDir}.`), started.stderr);

    const killed = await dynats('kill', 'n1', ...data);
    assert.equal(killed.code, 0, killed.stderr);
    assert.match(killed.stdout, /^n1: killed bus server, log broker and replica; the others noticed after /);
    assert.deepEqual(await statesOf(data), ['UN', 'DN']);

    const restarted = await dynats('restart', 'n1', ...data);
    assert.match(restarted.stdout, /^n1: started bus server, log broker and replica; serves again after /);
    assert.deepEqual(await statesOf(data), ['UN', 'UN']);

    const again = await dynats('restart', 'n1', ...data);
    assert.deepEqual([again.code, again.stdout], [3, '']);
    assert.match(again.stderr, /n1 is already running/);

    const refused = await dynats(...up);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /already running, pid \d+: see dynats status, stop it with dynats down/);

    const unconfirmed = await dynats('down', '--purge', ...data);
    assert.equal(unconfirmed.code, 3);
    assert.match(unconfirmed.stderr, /confirm with -f/);
    assert.equal((await processesOn(dataDir)).length > 0, true, 'still running');

    const down = await dynats('down', '--quiet', ...data);
    assert.deepEqual([down.code, down.stdout, down.stderr], [0, '', '']);
    assert.deepEqual(await processesOn(dataDir), []);
    assert.ok(existsSync(`${dataDir}/n0`), 'the data stays');

    const stopped = await dynats('status', ...data);
    assert.equal(stopped.code, 5);
    assert.match(stopped.stdout, /^DN\tn0\t/m);
    assert.match(stopped.stderr, /does not run: start it with dynats up/);

    assert.equal((await dynats('down', '--purge', '-f', ...data)).code, 0);
    assert.equal(existsSync(dataDir), false);
  });

  test('is not there: the commands say so', async t => {
    const { data } = await flagsFor(t, 1);
    for (const command of ['kill', 'pause', 'resume', 'restart']) {
      const { code, stderr } = await dynats(command, 'n0', ...data);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /no emulator runs on .*: start one with dynats up/);
    }
    const { code, stderr } = await dynats('down', ...data);
    assert.equal(code, 0);
    assert.match(stderr, /No emulator runs on/);
    const purged = await dynats('down', '--purge', '-f', '--data', '/');
    assert.equal(purged.code, 3);
    assert.match(purged.stderr, /holds no data of an emulator/);
  });
});

async function statesOf(data: Flags): Promise<string[]> {
  const { stdout, stderr } = await dynats('status', '--json', ...data);
  assert.equal(stdout.trim().split('\n').length, 1, stderr);
  return (JSON.parse(stdout) as { nodes: { state: string }[] }).nodes.map(({ state }) => state);
}
