// The commands against real brokers.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import { emulatorOptions, startEmulator, tempDir } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { dynats, type Ended } from './run-dynats.js';

interface Running {
  emulator: Emulator;
  run: (args: readonly string[], stdin?: string | Buffer) => Promise<Ended>;
}

/** An emulator, and the command as one in its data directory: it finds the servers by itself. */
async function running(t: TestContext): Promise<Running> {
  const options = await emulatorOptions(t);
  const emulator = await startEmulator(t, options);
  const env = { DYNATS_DATA: options.dataDir };
  return { emulator, run: (args, stdin = '') => dynats(args, { stdin, env }) };
}

test('values of any kind are put, read back exactly, and deleted', async t => {
  const { run } = await running(t);
  const stored = await run(['put', '137', 'value137']);
  assert.equal(stored.code, 0, stored.stderr);
  assert.match(stored.stdout, /^default > 137 version: \d+@\S+ @ QUORUM, [23] owners acked\n$/);
  assert.equal((await run(['get', '137'])).stdout, 'value137\n');
  assert.equal((await run(['get', '137', '--raw', '--via', 'n1'])).stdout, 'value137');
  const reply = JSON.parse((await run(['get', '137', '--json', '--level', 'all'])).stdout);
  assert.deepEqual([reply.found, reply.value, reply.level, reply.required], [true, 'value137', 'ALL', 3]);
  for (const key of ['__proto__', 'a b.*>"\n😀', '-k']) {
    assert.equal((await run(['put', '--', key, `of ${key}`])).code, 0);
    assert.equal((await run(['get', '--raw', '--', key])).stdout, `of ${key}`);
  }
  assert.equal((await run(['put', 'piped'], 'no newline added\n')).code, 0);
  assert.equal((await run(['get', 'piped', '--raw'])).stdout, 'no newline added\n');
  assert.equal((await run(['put', 'bytes'], Buffer.from([0xff, 0, 0x61]))).code, 0);
  assert.equal(JSON.parse((await run(['get', 'bytes', '--json'])).stdout).base64, '/wBh');
  assert.equal((await run(['del', '137'])).code, 0);
  const absent = await run(['get', '137']);
  assert.deepEqual([absent.code, absent.stdout], [6, '']);
  assert.match(absent.stderr, /^dynats: key 137 is not in bucket default/);
});

test('invalid requests exit 3 and name the field', async t => {
  const { run } = await running(t);
  const table: [string[], RegExp][] = [
    [['put', '', 'v'], /INVALID_REQUEST: .*key/],
    [['put', 'k'.repeat(1025), 'v'], /INVALID_REQUEST: .*key/],
    [['put', 'k', 'v', '--bucket', 'nope'], /bucket/],
    [['get', 'k', '--via', 'n9'], /there is no node n9: the cluster has n0, n1, n2, n3/],
    [['inspect', '64'], /there is no node 64: the cluster has n0, n1, n2, n3; --key 64 shows/],
  ];
  for (const [args, message] of table) {
    const { code, stderr } = await run(args);
    assert.equal(code, 3, stderr);
    assert.match(stderr, message);
  }
  const large = await run(['put', 'k'], Buffer.alloc(600_000));
  assert.deepEqual([large.code, /limit of 524288 bytes/.test(large.stderr)], [3, true]);
});

test('a refused write says who is down, as a line and as JSON; inspect shows what came of it', async t => {
  const { emulator, run } = await running(t);
  await run(['put', '137', 'one']);
  await Promise.all([emulator.kill('n2'), emulator.kill('n3')]);
  const refused = await run(['put', '137', 'two', '--json']);
  assert.equal(refused.code, 5, refused.stderr);
  const { error } = JSON.parse(refused.stdout);
  assert.deepEqual([error.code, error.required, error.alive], ['UNAVAILABLE', 2, 1]);
  assert.match(
    refused.stderr,
    /UNAVAILABLE: QUORUM needs 2 owners of key 137, 1 alive \(n2, n3 down\): start them/,
  );
  assert.equal((await run(['export', '-'])).code, 5);
  const script = 'put 137 three one\nrestart n2\nrestart n3\nvia n2\nget 137 quorum\n';
  const told = await run(['console'], script);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /\nthree\n$/);
  const agreed = async () => {
    const { code, stdout } = await run(['inspect', '--key', '137', '--json']);
    assert.equal(code, 0);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.token, report.owners, report.verdict], [137, ['n2', 'n3', 'n0'], 'in sync']);
  };
  await eventually(agreed, { deadlineMs: 15_000, what: 'all owners have the newest value' });
});

test('a file is imported with a node killed in the middle, exported, and imported again the same', async t => {
  const { emulator, run } = await running(t);
  const dir = await tempDir(t);
  const source = path.join(dir, 'source.csv');
  const rows = Array.from({ length: 20_000 }, (_, i) => `${i % 256}/${i},"value, ""${i}""",,`);
  writeFileSync(source, `key,value,base64,expiresAt\n${rows.join('\n')}\nbytes,,/w==,\n`);
  const importing = run(['import', source, '--json']);
  await eventually(() => existsSync(`${source}.progress`), {
    deadlineMs: 20_000,
    what: 'the import is under way',
  }).catch(
    () => undefined, // A fast machine is done before the first checkpoint.
  );
  await emulator.kill('n1');
  const imported = await importing;
  assert.equal(imported.code, 0, imported.stderr);
  const { stored, failed, leadingDone } = JSON.parse(imported.stdout);
  assert.deepEqual([stored, failed, leadingDone], [20_001, 0, 20_001]);
  assert.match(imported.stderr, /imported 20001 entries in .* 0 failed/);
  const restarted = await run(['restart', 'n1', '--json']);
  const { node, parts } = JSON.parse(restarted.stdout);
  assert.deepEqual([node, parts], ['n1', ['bus', 'log', 'replica']]);
  const target = path.join(dir, 'target.csv');
  const exported = await run(['export', target, '--json', '--quiet']);
  assert.deepEqual([exported.code, exported.stderr, JSON.parse(exported.stdout).keys], [0, '', 20_001]);
  const sorted = (file: string) => readFileSync(file, 'utf8').split('\n').sort();
  assert.deepEqual(sorted(target), sorted(source));
  const agreed = async () => {
    const { code, stderr } = await run(['inspect', '--check-only']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /20001 keys on n0, n1, n2, n3: no difference among owners/);
  };
  await eventually(agreed, { deadlineMs: 30_000, what: 'n1 has what it missed' });
});

test('a record that expires is exported with its end and imported with the rest of its life', async t => {
  const { run } = await running(t);
  const dir = await tempDir(t);
  await run(['put', 'mortal', 'v', '--ttl', '1h']);
  await run(['put', 'immortal', 'v']);
  await run(['put', 'over', 'v', '--ttl', '1ms']);
  const endOf = async (bucket: string) =>
    JSON.parse((await run(['get', 'mortal', '--bucket', bucket, '--json'])).stdout).expiresAt;
  const expiresAt = await endOf('default');
  for (const format of ['ndjson', 'csv']) {
    const file = path.join(dir, `all.${format}`);
    assert.equal((await run(['export', file])).code, 0);
    assert.equal((await run(['bucket', 'create', format])).code, 0);
    assert.equal((await run(['import', file, '--bucket', format])).code, 0);
    assert.equal((await run(['ls', '--keys-only', '--bucket', format])).stdout, 'immortal\nmortal\n');
    const differenceMs = Math.abs((await endOf(format)) - expiresAt) / 1000;
    assert.ok(differenceMs < 1000, `${differenceMs} ms`);
  }
  const past = '{"key":"past","value":"v","expiresAt":"2020-01-01T00:00:00Z"}\n';
  const imported = await run(['import', '-'], past);
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stderr, /imported 0 entries in .* 0 failed, 1 expired and left out/);
  assert.equal((await run(['get', 'past'])).code, 6);
});
