import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { type ConnectionFlags, connectionOptions } from '../../src/cli/connection.js';
import { resolveReference, seedIn } from '../../src/cli/credentials.js';
import { CliError } from '../../src/cli/exit.js';

const dir = mkdtempSync(path.join(os.tmpdir(), 'dynats-connection-'));
after(() => rmSync(dir, { recursive: true }));
mkdirSync(path.join(dir, 'nats/context'), { recursive: true });
const context = (name: string, fields: object) =>
  writeFileSync(path.join(dir, 'nats/context', `${name}.json`), JSON.stringify(fields));
context('east', { url: 'nats://context:1', user: 'ada', password: 'secret', inbox_prefix: '_IN' });
const emulated = path.join(dir, 'emulated');
mkdirSync(emulated);
writeFileSync(
  path.join(emulated, 'emulator.json'),
  JSON.stringify({ pid: process.pid, urls: ['nats://emu:1', 'nats://emu:2'] }),
);
const empty = path.join(dir, 'empty');

const resolve = (flags: ConnectionFlags, env: NodeJS.ProcessEnv = {}) =>
  connectionOptions({ data: empty, ...flags }, { XDG_CONFIG_HOME: dir, ...env });

test('servers come from flag, variable, context, running emulator, default, in this order', async () => {
  const all = { data: emulated, server: 'nats://flag:1', context: 'east' };
  const { server: _, ...noFlag } = all;
  assert.deepEqual((await resolve(all, { NATS_URL: 'nats://env:1' })).servers, ['nats://flag:1']);
  assert.deepEqual((await resolve(noFlag, { NATS_URL: 'nats://env:1' })).servers, ['nats://env:1']);
  assert.deepEqual((await resolve(noFlag)).servers, ['nats://context:1']);
  assert.deepEqual((await resolve({ data: emulated })).servers, ['nats://emu:1', 'nats://emu:2']);
  assert.deepEqual((await resolve({})).servers, ['nats://127.0.0.1:4222']);
});

test('an emulator whose process is gone is no emulator', async () => {
  const gone = path.join(dir, 'gone');
  mkdirSync(gone);
  writeFileSync(path.join(gone, 'emulator.json'), JSON.stringify({ pid: null, urls: ['nats://emu:1'] }));
  assert.deepEqual((await resolve({ data: gone })).servers, ['nats://127.0.0.1:4222']);
});

test('--no-context ignores the selected context, NATS_CONTEXT names one', async () => {
  writeFileSync(path.join(dir, 'nats/context.txt'), 'east');
  assert.deepEqual((await resolve({})).servers, ['nats://context:1']);
  assert.deepEqual((await resolve({ context: false })).servers, ['nats://127.0.0.1:4222']);
  rmSync(path.join(dir, 'nats/context.txt'));
  assert.deepEqual((await resolve({}, { NATS_CONTEXT: 'east' })).nats, {
    user: 'ada',
    pass: 'secret',
    inboxPrefix: '_IN',
  });
});

test('the strongest source that names a way to authenticate decides which', async () => {
  const flags = { context: 'east' };
  assert.deepEqual((await resolve({ ...flags, token: 't' })).nats, { token: 't', inboxPrefix: '_IN' });
  assert.deepEqual((await resolve(flags, { NATS_USER: 'bob', NATS_PASSWORD: 'b' })).nats, {
    user: 'bob',
    pass: 'b',
    inboxPrefix: '_IN',
  });
  assert.deepEqual((await resolve({ ...flags, password: 'p' })).nats, {
    user: 'ada',
    pass: 'p',
    inboxPrefix: '_IN',
  });
});

test('a user without a password is a token', async () => {
  assert.deepEqual((await resolve({ user: 'abc' })).nats, { token: 'abc' });
  assert.deepEqual((await resolve({ server: 'nats://abc@h:1' })).nats, { token: 'abc' });
});

test('user and password in a URL are used and taken out of it', async () => {
  const options = await resolve({ server: 'nats://ada:p%40ss@a:1, b:2' });
  assert.deepEqual(options.servers, ['nats://a:1', 'b:2']);
  assert.deepEqual(options.nats, { user: 'ada', pass: 'p@ss' });
});

test('--timeout is the deadline of a call and of connecting', async () => {
  const options = await resolve({ timeout: '1m' }, { NATS_TIMEOUT: '3s' });
  assert.equal(options.timeoutMs, 60_000);
  assert.equal(options.connectTimeoutMs, 60_000);
  assert.equal((await resolve({}, { NATS_TIMEOUT: '3s' })).timeoutMs, 3000);
});

test('wrong flags are usage errors that name the flag', async () => {
  const table: [ConnectionFlags, RegExp][] = [
    [{ timeout: '5' }, /--timeout "5" is no duration/],
    [{ timeout: '11m' }, /--timeout 11m is over the limit/],
    [{ server: ' , ' }, /--server names no server/],
    [{ server: 'http://x' }, /http:\/\/ is not supported/],
    [{ server: 'nats://[::x' }, /is no URL/],
    [{ tlscert: 'c' }, /--tlscert and --tlskey/],
    [{ creds: '/nonexistent.creds' }, /--creds: \/nonexistent.creds cannot be read \(ENOENT\)/],
    [{ creds: 'op://x/y' }, /op:\/\/ references are not supported/],
  ];
  for (const [flags, message] of table)
    await assert.rejects(
      resolve(flags),
      (error: unknown) => error instanceof CliError && error.exitCode === 3 && message.test(error.message),
    );
});

test('TLS files and a first handshake reach the options; a file that is not there is named', async () => {
  for (const name of ['c', 'k', 'ca']) writeFileSync(path.join(dir, name), '');
  const tlskey = path.join(dir, 'k');
  const env = { HOME: dir, CA: path.join(dir, 'ca') };
  const options = await resolve({ tlscert: '~/c', tlskey, tlsca: '$CA', tlsfirst: true }, env);
  assert.deepEqual(options.nats?.tls, {
    certFile: path.join(dir, 'c'),
    keyFile: tlskey,
    caFile: env.CA,
    handshakeFirst: true,
  });
  await assert.rejects(resolve({ tlsca: '/nowhere/ca' }), /there is no file \/nowhere\/ca \(--tlsca\)/);
});

test('credentials are read from a path, file://, env:// and data:', () => {
  const file = path.join(dir, 'a.creds');
  writeFileSync(file, 'inside');
  for (const reference of [file, `file://${file}`, 'env://CREDS', 'data:;base64,aW5zaWRl'])
    assert.equal(resolveReference('--creds', reference, { CREDS: 'inside' }).toString(), 'inside');
});

test('an nkey seed is found alone or framed', () => {
  const seed = 'SUAMLK2ZNL35WSMW37E7UD4VZ7ELPKW7DHC3BWBSD2GCZ7IUQQXZIORRBU';
  assert.equal(seedIn('--nkey', Buffer.from(`${seed}\n`)).toString(), seed);
  assert.equal(
    seedIn('--nkey', Buffer.from(`-----BEGIN USER NKEY SEED-----\n${seed}\n------END`)).toString(),
    seed,
  );
  assert.throws(() => seedIn('--nkey', Buffer.from('nothing')), /holds no nkey seed/);
});
