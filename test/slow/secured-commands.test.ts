// Every command on a secured emulator, each role by its context, and the nats CLI.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import type { Emulator } from '../../src/emulator/emulator.js';
import { connect, Mode } from '../../src/index.js';
import type { NatsBus } from '../../src/nats/bus.js';
import { dynats } from '../cli/run-dynats.js';
import { emulatorOptions, startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { runProgram } from '../support/run-program.js';

async function natsCli(t: TestContext, context: string, ...args: string[]) {
  const { path: binary } = await ensureBinary('nats');
  return runProgram(t, binary, ['--context', context, ...args]);
}

test('every command works with nothing said about users, each role by its context, and the nats CLI too', async t => {
  const options = await emulatorOptions(t, { nodes: 4, secure: true });
  const emulator = await startEmulator(t, options);
  const env = { DYNATS_DATA: options.dataDir };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await dynats(args, { env });
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const file = path.join(options.dataDir, 'export.ndjson');
  await run('put', '137', 'one', '--level', 'all');
  assert.equal(await run('get', '137', '--via', 'n1'), 'one\n');
  await run('del', '5');
  await run('ls');
  await run('bucket', 'create', 'drafts');
  await run('touch', '137', '--ttl', '1h');
  await run('inspect', '--key', '137');
  await run('why', '5');
  await run('export', file);
  await run('import', file, '--bucket', 'drafts');
  await run('hints', 'set', '--window', '1h');
  await run('bench', '--duration', '1s', '--keys', '100', '--mode', 'direct');
  await run('bench', '--duration', '1s', '--keys', '100', '--mode', 'api');
  // Hints are kept for a dead node, and delivered when it is back; repair finds nothing left to do.
  await run('kill', 'n2');
  await run('put', '137', 'two', '--level', 'two');
  await eventually(async () => /n2/.test(await run('hints')), { deadlineMs: 10_000, what: 'a hint is held' });
  await run('restart', 'n2');
  await eventually(async () => !/n2/.test(await run('hints')), {
    deadlineMs: 20_000,
    what: 'it is delivered',
  });
  await run('repair');
  assert.match(await run('status'), /UN\s+n2/);
  assert.equal(await run('get', '137', '--level', 'all'), 'two\n');

  const context = (role: string) => path.join(options.dataDir, 'secrets', `${role}.json`);
  await run('put', '1', 'v', '--context', context('client'));
  for (const args of [['inspect'], ['why', '5'], ['hints'], ['ls'], ['status', '--data', 'none']])
    await run(...args, '--context', context('inspector'));
  const password = readFileSync(path.join(options.dataDir, 'secrets', 'client.password'), 'utf8').trim();
  const asUser = await dynats(['get', '1'], {
    env: { ...env, NATS_USER: 'client', NATS_PASSWORD: password },
  });
  assert.deepEqual([asUser.code, asUser.stdout], [0, 'v\n']);

  const asked = await natsCli(t, context('client'), 'req', '--raw', 'dynats.get', '{"key":1}');
  assert.equal(JSON.parse(asked).value, 'v');
  assert.match(await natsCli(t, context('client'), 'micro', 'ping', 'dynats'), /dynats n0-/);
  const stored = ['--js-domain', 'n0', 'stream'];
  assert.match(await natsCli(t, context('operator'), ...stored, 'get', 'LOG_n0', '1'), /crc32/);
  assert.match(await natsCli(t, context('operator'), ...stored, 'ls'), /HINTS_n0/);

  await watchesAndShortcuts(emulator);
});

async function watchesAndShortcuts(emulator: Emulator): Promise<void> {
  for (const [role, mode] of [
    ['client', Mode.Api],
    ['direct', Mode.Direct],
  ] as const) {
    await using store = await connect({ ...emulator.connectionAs(role), mode });
    const watch = await store.watch({ prefix: 'seen/' });
    await store.put('seen/1', role);
    for await (const event of watch) {
      assert.equal(event.key, 'seen/1');
      break;
    }
  }
  // A direct client that asks for shortcuts takes them, with its key; one that does not, does not.
  for (const shortcuts of [true, false]) {
    const { nats, ...connection } = emulator.connectionAs('direct');
    await using store = await connect({
      ...connection,
      nats: { ...nats, ignoreClusterUpdates: true },
      mode: Mode.Direct,
      shortcuts,
    });
    const { connection: onBus } = (store as unknown as { bus: NatsBus }).bus;
    const value = 'v'.repeat(50_000);
    const sent = async () => {
      const before = onBus.stats().outBytes;
      await store.put('5', value, { level: 'ALL' });
      return onBus.stats().outBytes - before;
    };
    if (shortcuts)
      await eventually(async () => (await sent()) < value.length, {
        deadlineMs: 15_000,
        what: 'it takes them',
      });
    else for (let i = 0; i < 3; i++) assert.ok((await sent()) >= 3 * value.length);
  }
}
