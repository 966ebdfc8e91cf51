// A secured emulator keeps its secrets to itself, listens on the loopback only.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Emulator } from '../../src/emulator/emulator.js';
import { freePorts } from '../../src/emulator/free-ports.js';
import { connect } from '../../src/index.js';
import { dynats } from '../cli/run-dynats.js';
import { emulatorOptions, startDynats, startEmulator, tempDir } from '../support/emulator.js';

/** Every secret there is: seeds, passwords, and a line of each private key. */
function secretsIn(dir: string): string[] {
  return readdirSync(dir).flatMap(file => {
    const text = readFileSync(path.join(dir, file), 'utf8');
    if (file.endsWith('.nkey') || file.endsWith('.password')) return [text.trim()];
    return file.endsWith('-key.pem') ? [text.split('\n')[3] ?? ''] : [];
  });
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map(file => path.join(dir, file))
    .filter(file => statSync(file).isFile());
}

function commandLines(): string {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // It has just ended.
      }
    })
    .join('\n');
}

/** Addresses on which this machine listens to the ports, as the kernel says. */
function listenersOn(first: number, count: number): string[] {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file => readFileSync(file, 'utf8').split('\n'));
  return lines.flatMap(line => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    const number = Number.parseInt(port, 16);
    return state === '0A' && number >= first && number < first + count ? [address] : [];
  });
}

const loopback = '0100007F';

test('no secret is in a log, on a command line, in a message or in a file that others may read', async t => {
  const dataDir = await tempDir(t);
  const port = await freePorts(8);
  const up = startDynats(
    t,
    ...['up', '--secure', '--nodes', '2', '--sync', 'lazy', '--data', dataDir, '--port', `${port}`],
  );
  await up.printed('ready: ');
  const secretsDir = path.join(dataDir, 'secrets');
  const secrets = secretsIn(secretsDir);
  // Four users with a seed and a password each, two nodes with a seed and a key of their servers each, the authority, and a key
  // of servers that are no node's.
  assert.equal(secrets.length, 4 * 2 + 2 * 2 + 2);
  assert.ok(secrets.every(secret => secret.length >= 40));

  const env = { DYNATS_DATA: dataDir, DYNATS_DEBUG: '1' };
  const password = secrets.find(secret => /^[0-9a-f]{48}$/.test(secret)) ?? '';
  let said = '';
  for (const args of [
    ['put', '1', 'v'],
    ['status', '--json'],
    ['kill', 'n1'],
    ['restart', 'n1'],
    // Failures, with stack traces.
    ['get', '1', '--user', 'client', '--password', 'wrong'],
    ['put', '1', 'v', '--context', path.join(secretsDir, 'inspector.json')],
    ['get', '1', '--server', `nats://client:${password}@127.0.0.1:1`],
  ]) {
    const { stdout, stderr } = await dynats(args, { env });
    said += `${stdout}${stderr}`;
  }
  assert.match(said, /FORBIDDEN/);
  assert.match(said, /Authorization Violation/);
  const cmdlines = commandLines();
  assert.ok(cmdlines.includes(dataDir), 'the emulator is among the processes');
  up.kill('SIGTERM');
  const { stdout, stderr } = await up.finished;
  said += `${stdout}${stderr}`;
  const logs = filesBelow(dataDir).filter(file => file.endsWith('.log'));
  assert.equal(logs.length, 6);
  const texts = [
    ['a command line', cmdlines],
    ['what was said', said],
    ...[...logs, path.join(dataDir, 'emulator.json'), path.join(dataDir, 'n0', 'node.json')].map(file => [
      file,
      readFileSync(file, 'utf8'),
    ]),
  ];
  for (const [where, text] of texts)
    for (const secret of secrets) assert.ok(!text?.includes(secret), `a secret is in ${where}`);
  // Whatever holds one is for its owner only.
  for (const file of filesBelow(dataDir).filter(name => !name.includes('jetstream'))) {
    const text = readFileSync(file, 'latin1');
    if (secrets.some(secret => text.includes(secret)))
      assert.equal(statSync(file).mode & 0o777, 0o600, `${file} is for its owner only`);
  }
  assert.equal(statSync(secretsDir).mode & 0o777, 0o700);
});

test('it listens on the loopback only, unless told otherwise, which an open one is not', async t => {
  const options = await emulatorOptions(t, { nodes: 2, sync: 'lazy' });
  const ports = [options.port ?? 0, 8] as const;
  const open = await Emulator.start(options);
  assert.deepEqual([...new Set(listenersOn(...ports))], [loopback]);
  assert.equal(listenersOn(...ports).length, 8);
  await open.stop();
  await assert.rejects(
    Emulator.start({ ...options, listen: '0.0.0.0' }),
    /--listen 0\.0\.0\.0 .* add --secure/,
  );
  await assert.rejects(
    Emulator.start({ ...options, listen: 'everywhere' }),
    /--listen must be an IPv4 address/,
  );
  const secured = await startEmulator(t, { ...options, listen: '0.0.0.0', secure: true });
  // Clients come in from anywhere; routes and leaf nodes stay here.
  const addresses = listenersOn(...ports);
  assert.deepEqual(addresses.filter(address => address === loopback).length, 4);
  assert.equal(addresses.length, 8);
  await using store = await connect(secured.connectionAs('client'));
  await store.put('1', 'v');
});
