// A bus of one's own, with JWT credentials and TLS: a node and the command line with --creds.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import { busServerConfig } from '../../src/emulator/broker-config.js';
import { freePorts } from '../../src/emulator/free-ports.js';
import { ensureSecrets, tlsFilesOf } from '../../src/emulator/secrets/secrets.js';
import { inboxPrefixOf, leafPermissions, permissionsOf, Role } from '../../src/wire/permissions.js';
import { dynats } from '../cli/run-dynats.js';
import { cleanUp, startDynats, tempDir } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { TokenAuthority } from '../support/jwt.js';

async function startBus(t: TestContext, dir: string, tokens: TokenAuthority, port: number) {
  const { path: binary } = await ensureBinary('nats-server');
  const secrets = await ensureSecrets(path.join(dir, 'secrets'), {
    nodes: ['n0'],
    users: {},
    hosts: ['localhost', '127.0.0.1'],
  });
  const file = path.join(dir, 'bus.conf');
  const config = busServerConfig({
    name: 'bus',
    listen: '127.0.0.1',
    port,
    routePort: port + 1,
    leafPort: port + 2,
    routes: [],
    portsDir: dir,
    security: { users: tokens.serverLines(), tls: tlsFilesOf(secrets, '') },
  });
  writeFileSync(file, config, { mode: 0o600 });
  const bus = spawn(binary, ['-c', file, '-l', path.join(dir, 'bus.log')], { stdio: 'ignore' });
  const ended = new Promise(done => bus.once('exit', done));
  cleanUp(t, async () => {
    bus.kill('SIGKILL');
    await ended;
  });
  await eventually(() => readFileSync(path.join(dir, 'bus.log'), 'utf8').includes('Server is ready'), {
    deadlineMs: 10_000,
    what: 'the bus listens',
  });
  return { ca: secrets.ca, node: tlsFilesOf(secrets, 'n0') };
}

test('a node and the command line come with .creds files to a bus with TLS, and nobody without', async t => {
  const dir = await tempDir(t);
  const tokens = new TokenAuthority();
  const port = await freePorts(4);
  const { ca, node: tls } = await startBus(t, dir, tokens, port);
  const made = (name: string, permissions: ReturnType<typeof permissionsOf>) => {
    const file = path.join(dir, `${name}.creds`);
    const { creds, seed } = tokens.user(name, permissions);
    writeFileSync(file, creds, { mode: 0o600 });
    return { file, seed };
  };
  const nodeCreds = made('n0', leafPermissions('n0', ['n0']));
  const config = path.join(dir, 'n0.json');
  writeFileSync(
    config,
    JSON.stringify({
      node: 'n0',
      cluster: { name: 'tokens', nodes: ['n0'], replicationFactor: 1, partitioner: 'murmur3' },
      log: {
        storeDir: path.join(dir, 'store'),
        port: port + 3,
        bus: [`nats-leaf://127.0.0.1:${port + 2}`],
        sync: 'lazy',
      },
      credentials: { creds: nodeCreds.file, tlsCa: ca, tlsCert: tls.cert, tlsKey: tls.key },
    }),
  );
  const node = startDynats(t, 'node', '--config', config);
  await node.printed('takes writes');

  const client = made('alice', permissionsOf(Role.Client, 'alice'));
  const server = ['--server', `nats://127.0.0.1:${port}`];
  const asAlice = [
    ...server,
    ...['--creds', client.file, '--tlsca', ca, '--inbox-prefix', inboxPrefixOf('alice')],
  ];
  const run = (args: string[]) => dynats(args, { env: { DYNATS_DEBUG: '1' } });
  await eventually(async () => (await run(['put', '137', 'one', ...asAlice])).code === 0, {
    deadlineMs: 15_000,
    what: 'a put arrives at the node',
  });
  assert.equal((await run(['get', '137', ...asAlice])).stdout, 'one\n');
  const direct = made('bob', permissionsOf(Role.Direct, 'bob'));
  const asBob = ['--creds', direct.file, '--tlsca', ca, '--inbox-prefix', inboxPrefixOf('bob')];
  const load = ['bench', '--mode', 'direct', '--duration', '1s', '--keys', '5'];
  const loaded = await run([...load, ...server, ...asBob]);
  assert.match(`${loaded.code} ${loaded.stdout}${loaded.stderr}`, /^0 .*0 failed, 0 wrong/s);

  // What she may not do, who she is not, and what is not hers.
  const inspected = await run(['inspect', ...asAlice]);
  assert.match(inspected.stderr, /FORBIDDEN/);
  const stranger = new TokenAuthority().user('alice', permissionsOf(Role.Client, 'alice'));
  writeFileSync(path.join(dir, 'stranger.creds'), stranger.creds, { mode: 0o600 });
  const refused = [
    await run(['get', '137', ...server, '--creds', path.join(dir, 'stranger.creds'), '--tlsca', ca]),
    await run(['get', '137', ...server, '--tlsca', ca]),
    await run(['get', '137', ...server, '--creds', client.file]),
  ];
  assert.deepEqual(
    refused.map(({ code }) => code),
    [2, 2, 2],
  );
  assert.match(refused[2]?.stderr ?? '', /certificate/);
  node.kill('SIGTERM');
  const { code, stderr } = await node.finished;
  assert.equal(code, 0);
  const said = [stderr, inspected.stderr, ...refused.map(each => each.stderr)].join('\n');
  const logs = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.log'));
  assert.equal(logs.length, 2);
  const texts = [said, ...logs.map(file => readFileSync(path.join(dir, file), 'utf8'))];
  for (const { seed } of [nodeCreds, client, direct, stranger])
    for (const text of texts) assert.ok(!text.includes(seed), 'a seed is in what was said or logged');
});
