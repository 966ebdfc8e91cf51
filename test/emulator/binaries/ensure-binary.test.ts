// Which source is used, and what is said of those passed over.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { BrokerBinaryError } from '../../../src/emulator/binaries/binary.js';
import { ensureBinary } from '../../../src/emulator/binaries/ensure-binary.js';
import { cached, fakeServer, type Place, place, script } from './fixture.js';

const cacheName = 'nats-server-2.15.1';

/** A `go` that builds a nats-server which is only a script. */
function fakeGo(where: Place): Promise<string> {
  const build = [
    '[ "$1" = version ] && exit 0',
    'while [ "$1" != -o ]; do shift; done',
    `printf '#!/bin/sh\\necho "nats-server: v2.15.1"\\n' > "$2"`,
  ];
  return script(path.join(where.dir, 'go', 'go'), build.join('\n'));
}

test('the binary named by the environment goes before the PATH', async t => {
  const where = await place(t);
  await fakeServer(path.join(where.dir, 'bin/nats-server'), '2.15.1');
  const named = await fakeServer(path.join(where.dir, 'mine'), '2.11.0');
  const env = { DYNATS_NATS_SERVER: named, PATH: path.join(where.dir, 'bin') };
  assert.deepEqual(await ensureBinary('nats-server', { ...where.bare, env }), {
    path: named,
    version: '2.11.0',
    source: 'env',
  });
});

test('a too old binary named by the environment is an error that names version, place and need', async t => {
  const where = await place(t);
  await fakeServer(path.join(where.dir, 'bin/nats-server'), '2.15.1');
  const named = await fakeServer(path.join(where.dir, 'old'), '2.9.10');
  const env = { DYNATS_NATS_SERVER: named, PATH: path.join(where.dir, 'bin') };
  await assert.rejects(ensureBinary('nats-server', { ...where.bare, env }), (error: unknown) => {
    assert.ok(error instanceof BrokerBinaryError);
    for (const part of ['DYNATS_NATS_SERVER', named, '2.9.10', '2.11.0'])
      assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
    assert.ok(!error.message.includes('\n'));
    return true;
  });
});

test('a missing or broken binary named by the environment is an error', async t => {
  const where = await place(t);
  const missing = { ...where.bare, env: { DYNATS_NATS_SERVER: path.join(where.dir, 'none') } };
  await assert.rejects(ensureBinary('nats-server', missing), /none: no such executable file/);
  const broken = await script(path.join(where.dir, 'broken'), 'exit 1');
  const named = { ...where.bare, env: { DYNATS_NATS_SERVER: broken } };
  await assert.rejects(ensureBinary('nats-server', named), /broken: it does not run \(exit code 1\)/);
});

test('an empty variable counts as unset', async t => {
  const where = await place(t);
  await fakeServer(path.join(where.dir, 'bin/nats-server'), '2.15.1');
  const env = { DYNATS_NATS_SERVER: '', PATH: path.join(where.dir, 'bin') };
  assert.equal((await ensureBinary('nats-server', { ...where.bare, env })).source, 'path');
});

test('a too old binary on the PATH is passed over, reported, and the next one used', async t => {
  const where = await place(t);
  const old = await fakeServer(path.join(where.dir, 'a/nats-server'), '2.9.10');
  const good = await fakeServer(path.join(where.dir, 'b/nats-server'), '2.12.0');
  const env = { PATH: [path.dirname(old), path.dirname(good)].join(path.delimiter) };
  assert.deepEqual(await ensureBinary('nats-server', { ...where.bare, env }), {
    path: good,
    version: '2.12.0',
    source: 'path',
  });
  assert.deepEqual(where.lines, [`Passing over ${old}: it is version 2.9.10, and 2.11.0 or newer is needed`]);
});

test('system directories are searched after the PATH, and before the cache', async t => {
  const where = await place(t);
  const system = await fakeServer(path.join(where.dir, 'sbin/nats-server'), '2.12.0');
  await fakeServer(path.join(where.cacheDir, cacheName), '2.15.1');
  const options = { ...where.bare, systemDirs: [path.dirname(system)] };
  assert.equal((await ensureBinary('nats-server', options)).path, system);
  const onPath = await fakeServer(path.join(where.dir, 'bin/nats-server'), '2.13.0');
  const env = { PATH: path.dirname(onPath) };
  assert.equal((await ensureBinary('nats-server', { ...options, env })).path, onPath);
});

test('the cache is used before Go, and without a word', async t => {
  const where = await place(t);
  const kept = await fakeServer(path.join(where.cacheDir, cacheName), '2.15.1');
  const env = { PATH: path.dirname(await fakeGo(where)) };
  assert.deepEqual(await ensureBinary('nats-server', { ...where.bare, env }), {
    path: kept,
    version: '2.15.1',
    source: 'cache',
  });
  assert.deepEqual(where.lines, []);
});

test('the cache is below XDG_CACHE_HOME, or else below the home directory', async t => {
  const where = await place(t);
  const { cacheDir: _, ...options } = where.bare;
  const xdg = await fakeServer(path.join(where.dir, 'xdg/dynats/bin', cacheName), '2.15.1');
  const home = await fakeServer(path.join(where.dir, 'home/.cache/dynats/bin', cacheName), '2.15.1');
  const env = { ...where.bare.env, HOME: path.join(where.dir, 'home') };
  assert.equal((await ensureBinary('nats-server', { ...options, env })).path, home);
  const both = { ...env, XDG_CACHE_HOME: path.join(where.dir, 'xdg') };
  assert.equal((await ensureBinary('nats-server', { ...options, env: both })).path, xdg);
});

test('what Go builds is kept in the cache for the next time', async t => {
  const where = await place(t);
  const env = { PATH: path.dirname(await fakeGo(where)) };
  const kept = { path: path.join(where.cacheDir, cacheName), version: '2.15.1' };
  assert.deepEqual(await ensureBinary('nats-server', { ...where.bare, env }), { ...kept, source: 'go' });
  assert.match(where.lines.join('\n'), /Building nats-server v2\.15\.1 with Go/);
  assert.deepEqual(await cached(where), [cacheName]);
  assert.deepEqual(await ensureBinary('nats-server', where.bare), { ...kept, source: 'cache' });
});

test('a broken binary in the cache is replaced', async t => {
  const where = await place(t);
  await script(path.join(where.cacheDir, cacheName), 'exit 1');
  const env = { PATH: path.dirname(await fakeGo(where)) };
  assert.equal((await ensureBinary('nats-server', { ...where.bare, env })).source, 'go');
  assert.equal((await ensureBinary('nats-server', where.bare)).source, 'cache');
});

test('two that build at once both end with a whole binary and leave nothing behind', async t => {
  const where = await place(t);
  const options = { ...where.bare, env: { PATH: path.dirname(await fakeGo(where)) } };
  const both = await Promise.all([
    ensureBinary('nats-server', options),
    ensureBinary('nats-server', options),
  ]);
  assert.deepEqual(
    both.map(({ source }) => source),
    ['go', 'go'],
  );
  assert.deepEqual(await cached(where), [cacheName]);
  assert.equal((await ensureBinary('nats-server', where.bare)).source, 'cache');
});

test('when every source fails the error says what came of each and what to do', async t => {
  const where = await place(t);
  const go = await script(
    path.join(where.dir, 'go/go'),
    '[ "$1" = version ] || { echo "go: go.mod requires go >= 1.26" >&2; exit 1; }',
  );
  const options = { ...where.bare, env: { PATH: path.dirname(go) } };
  await assert.rejects(ensureBinary('nats-server', options), (error: unknown) => {
    assert.ok(error instanceof BrokerBinaryError);
    for (const part of ['2.11.0 or newer', 'go.mod requires go >= 1.26', 'SHA256SUMS', 'DYNATS_NATS_SERVER'])
      assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
    assert.ok(!error.message.includes('\n'));
    return true;
  });
  assert.match(where.lines.join('\n'), /No nats-server this way: go build: go: go\.mod requires go >= 1\.26/);
  assert.deepEqual(await cached(where), []);
});
