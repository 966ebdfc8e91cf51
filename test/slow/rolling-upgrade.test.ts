// A rolling upgrade: a cluster of the build before protocol versions, upgraded node by node under load. No call fails and no
// write is lost, for clients of both builds.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freePorts } from '../../src/emulator/free-ports.js';
import { type Client, connect, Mode } from '../../src/index.js';
import { PROTOCOL } from '../../src/wire/protocol.js';
import { cleanUp, cliPath, tempDir } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { runProgram } from '../support/run-program.js';

/** The last commit of protocol 1. */
const OLD_COMMIT = 'b64416e';
const nodes = ['n0', 'n1', 'n2', 'n3'];
const root = fileURLToPath(new URL('../../..', import.meta.url));
const patience = { deadlineMs: 60_000 };

/** Builds that commit in a directory of its own, with this checkout's packages. */
async function oldBuild(t: TestContext): Promise<string | undefined> {
  try {
    execFileSync('git', ['-C', root, 'cat-file', '-e', `${OLD_COMMIT}^{commit}`], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const dir = path.join(await tempDir(t), 'old');
  mkdirSync(dir);
  const archive = execFileSync('git', ['-C', root, 'archive', OLD_COMMIT], { maxBuffer: 256 * 1024 * 1024 });
  execFileSync('tar', ['-x', '-C', dir], { input: archive });
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
  execFileSync(process.execPath, ['scripts/generate.mjs'], { cwd: dir });
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd: dir });
  const validators = 'src/wire/generated/validators.js';
  copyFileSync(path.join(dir, validators), path.join(dir, 'dist', validators));
  return dir;
}

interface Load {
  /** Newest acknowledged number of each key. */
  readonly acked: Map<string, number>;
  readonly failures: string[];
  calls: number;
}

/** Writes numbers that grow and reads them back, until `isOver`. */
async function work(client: Client, name: string, load: Load, isOver: () => boolean): Promise<void> {
  const keys = Array.from({ length: 40 }, (_, i) => `${name} ${i}`);
  for (let value = 1; !isOver(); value++)
    for (const key of keys) {
      if (isOver()) return;
      try {
        load.calls += 2;
        await client.put(key, String(value));
        load.acked.set(key, value);
        const found = Number((await client.get(key))?.string());
        if (found < value) load.failures.push(`${key}: read ${found} after ${value} was acknowledged`);
      } catch (error) {
        load.failures.push(`${key}: ${String(error)}`);
      }
    }
}

test('a cluster is upgraded node by node under load, with no failed call and no lost write', async t => {
  const old = await oldBuild(t);
  if (old === undefined) return t.skip(`commit ${OLD_COMMIT} is not in this clone: git fetch --unshallow`);
  const data = path.join(await tempDir(t), 'data');
  const port = await freePorts(16);
  const oldCli = path.join(old, 'dist/src/cli/main.js');
  const run = (...args: string[]) => runProgram(t, process.execPath, [oldCli, ...args, '--data', data]);
  cleanUp(t, () => run('down', '--purge', '--force'));
  await run('up', '--detach', '--no-dashboard', '--port', String(port));
  const servers = nodes.map((_, i) => `nats://127.0.0.1:${port + i}`);

  const oldLibrary: { connect: typeof connect } = await import(
    pathToFileURL(path.join(old, 'dist/src/index.js')).href
  );
  await using watcher = await connect({ servers });
  await using api = await connect({ servers });
  await using direct = await connect({ servers, mode: Mode.Direct });
  await using oldApi = await oldLibrary.connect({ servers });
  await using oldDirect = await oldLibrary.connect({ servers, mode: Mode.Direct });
  const load: Load = { acked: new Map(), failures: [], calls: 0 };
  let isOver = false;
  const clients = { api, direct, oldApi, oldDirect };
  const workers = Object.entries(clients).flatMap(([name, client]) =>
    [0, 1].map(i => work(client, `${name}${i}`, load, () => isOver)),
  );
  const moreCalls = async (what: string) => {
    const goal = load.calls + 200;
    await eventually(() => assert.ok(load.calls >= goal), { ...patience, what: `calls while ${what}` });
  };
  await moreCalls('all nodes are old');

  for (const node of nodes) {
    const { pid, protocol } = await watcher.status(node);
    assert.equal(protocol, undefined, `${node} is of the old build`);
    process.kill(pid, 'SIGTERM');
    const isGone = () => assert.throws(() => process.kill(pid, 0));
    await eventually(isGone, { ...patience, what: `the old ${node} ends` });
    await moreCalls(`${node} is away`);
    const config = path.join(data, node, 'node.json');
    const child = spawn(process.execPath, [cliPath, 'node', '--config', config], { stdio: 'ignore' });
    cleanUp(t, async () => {
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM'))
        await once(child, 'exit');
    });
    // Before the next is taken away everybody has to find this one serving, and to have handed over what it missed.
    await eventually(
      async () => {
        const status = await watcher.status(node);
        assert.deepEqual([status.protocol, status.state], [PROTOCOL, 'serving']);
        for (const other of nodes) {
          const { peers, hints } = await watcher.status(other);
          if (other !== node) assert.equal(peers[node]?.readable, true, `${other} sees ${node}`);
          assert.equal(hints.held[node] ?? 0, 0, `${other} holds hints for ${node}`);
        }
      },
      { ...patience, what: `the new ${node} serves` },
    );
    await moreCalls(`${node} is new`);
  }
  isOver = true;
  await Promise.all(workers);
  t.diagnostic(`${load.calls} calls, ${load.acked.size} keys, ${load.failures.length} failures`);
  assert.deepEqual(load.failures, []);
  for (const [key, value] of load.acked) {
    for (const client of [api, oldApi]) assert.equal((await client.get(key))?.string(), String(value), key);
  }
});
