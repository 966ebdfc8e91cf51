// The real command, as a process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { cliPath } from '../support/emulator.js';
import { dynats } from './run-dynats.js';

/** A port of this machine on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

test('usage errors exit 3 with one clear line and nothing on stdout', async () => {
  const table: [string[], RegExp][] = [
    [['frobnicate'], /^dynats: unknown command 'frobnicate'/],
    [['get'], /^dynats: missing required argument 'key'/],
    [['get', 'k', '--frob'], /^dynats: unknown option '--frob': get has --raw, --level, /],
    [['get', 'k', '--levl', 'one'], /^dynats: unknown option '--levl'; did you mean --level\?\n/],
    [['top', '--json'], /^dynats: unknown option '--json': dynats status --json /],
    [['bench', '--rate', '5'], /^dynats: unknown option '--rate': --concurrency sets the load/],
    [['bucket', 'ls', '--frob'], /^dynats: unknown option '--frob': ls has --/],
    [
      ['get', 'k', '--level', 'loud'],
      /^dynats: level "loud" is none of one, two, three, quorum, local_quorum, each_quorum, all\n$/,
    ],
    [['get', 'k', '--level', 'any'], /^dynats: level any is for writes/],
    [['put', 'k', 'v', '--timeout', '5'], /^dynats: --timeout "5" is no duration/],
    [['get', 'k', '--context', 'nope'], /^dynats: NATS context nope cannot be read/],
    [['import', 'missing.csv'], /^dynats: missing.csv cannot be read \(ENOENT\)/],
    [['import', '-', '--resume'], /^dynats: --resume needs a file/],
    [['import', 'x.ndjson', '--concurrency', '0'], /^dynats: --concurrency "0"/],
    [['inspect', 'n1', '--key', 'k'], /^dynats: give a node or --key/],
  ];
  await Promise.all(
    table.map(async ([args, message]) => {
      const { code, stdout, stderr } = await dynats(args);
      assert.equal(code, 3, args.join(' '));
      assert.match(stderr, message);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /\n\s+at /);
    }),
  );
});

test('help and version go to stdout and exit 0', async () => {
  const help = await dynats(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Emulator[\s\S]*Data:[\s\S]*Examples:/);
  assert.match((await dynats(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  const put = await dynats(['put', '--help']);
  assert.match(put.stdout, /Usage: dynats put \[options\] <key> \[value\]/);
});

test('no server is exit code 2 within the timeout, with what to do and no stack trace', async () => {
  const server = `nats://127.0.0.1:${await closedPort()}`;
  const start = performance.now();
  const { code, stdout, stderr } = await dynats(['get', '137', '--server', server, '--timeout', '3s']);
  assert.equal(code, 2, stderr);
  assert.ok(performance.now() - start < 6000);
  assert.equal(stdout, '');
  assert.match(stderr, new RegExp(`^dynats: cannot connect to ${server}: .*dynats up.*\n$`));
});

test('options before the verb hold for it', async () => {
  const server = `nats://127.0.0.1:${await closedPort()}`;
  const { code, stderr } = await dynats(['-s', server, 'get', '137', '--timeout', '1s']);
  assert.equal(code, 2, stderr);
  assert.ok(stderr.includes(server));
});

test('a password is never printed', async () => {
  const server = `nats://ada:hush@127.0.0.1:${await closedPort()}`;
  const { stdout, stderr } = await dynats(['get', '1', '--timeout', '1s'], {
    env: { NATS_URL: server, DYNATS_DEBUG: '1' },
  });
  assert.doesNotMatch(stdout + stderr, /hush/);
});

test('output that finds no room is one line, not a trace', {
  skip: process.platform !== 'linux',
}, async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawnSync(process.execPath, [cliPath, '--help'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  assert.deepEqual(
    [child.status, String(child.stderr)],
    [1, 'dynats: cannot write the output: ENOSPC: no space left on device, write\n'],
  );
});
