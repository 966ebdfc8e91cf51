// What runs nodes on real machines: the systemd units by systemd's own check, the manifest by a validator where there is one, and
// both against the files that they name.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { binaries } from '../../src/emulator/binaries/binary.js';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import { dynats, tempDir } from '../support/emulator.js';

const root = path.resolve(import.meta.dirname, '../../..');
const textOf = (file: string) => readFileSync(path.join(root, file), 'utf8');
const nodes = ['n0', 'n1', 'n2', 'n3'];
const units = ['dynats-bus.service', 'dynats-log.service', 'dynats-node.service'];
const has = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

test('systemd takes the units without a word', {
  skip: !has('systemd-analyze') && 'no systemd here',
}, async t => {
  const dir = await tempDir(t);
  const verify = (change: (text: string) => string) => {
    for (const unit of units) {
      // The programs need not be installed where the units are checked.
      const text = textOf(`deploy/systemd/${unit}`).replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true');
      writeFileSync(path.join(dir, unit), change(text));
    }
    const files = units.map(unit => path.join(dir, unit));
    return spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' });
  };
  const found = verify(text => text);
  assert.deepEqual([found.status, found.stderr], [0, '']);
  const broken = verify(text => text.replace('NoNewPrivileges', 'NoNewPrivilege'));
  assert.match(broken.stderr, /Unknown key.*NoNewPrivilege/);
});

interface Probe {
  httpGet?: { path: string; port: string };
}

interface Container {
  name: string;
  image: string;
  args: string[];
  env: { name: string; value?: string }[];
  ports?: { name: string; containerPort: number }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  volumeMounts: { name: string; mountPath: string; subPath?: string; subPathExpr?: string }[];
}

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: {
    replicas?: number;
    maxUnavailable?: number;
    selector: { matchLabels?: Record<string, string>; app?: string };
    template?: { metadata: { labels: Record<string, string> }; spec: { containers: Container[] } };
  };
}

const manifests = parseAllDocuments(textOf('deploy/kubernetes/dynats.yaml'), { strict: true }).map(
  document => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as Manifest;
  },
);

function podOf(name: string) {
  const found = manifests.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === name);
  assert.ok(found?.spec.template);
  return { ...found.spec, template: found.spec.template };
}

/** The files that `kubectl create configmap` and `create secret` of docs/DEPLOY.md put there. */
async function filled(dir: string): Promise<Readonly<Record<string, string>>> {
  const secrets = path.join(dir, 'all-secrets');
  const made = await dynats('certs', secrets);
  assert.equal(made.code, 0, made.stderr);
  const config = path.join(dir, 'all-config');
  mkdirSync(config);
  for (const file of ['nats.conf', 'docker/log-broker.conf', ...nodes.map(node => `docker/${node}.json`)])
    cpSync(path.join(root, file), path.join(config, path.basename(file)));
  return { config, secrets };
}

test('every file that a container is given exists, and nats-server takes its configuration', async t => {
  const { path: natsServer } = await ensureBinary('nats-server');
  const dir = await tempDir(t);
  const volumes = await filled(dir);
  for (const [ordinal, node] of nodes.entries())
    for (const set of ['dynats-bus', 'dynats'])
      for (const { name, image, args, env, volumeMounts } of podOf(set).template.spec.containers) {
        const expand = (text: string) => text.replaceAll('$(ORDINAL)', String(ordinal));
        const at = path.join(dir, `${name}-${node}`);
        for (const { name: volume, mountPath, subPath, subPathExpr } of volumeMounts) {
          const from = volumes[volume];
          if (from === undefined) continue;
          cpSync(path.join(from, expand(subPathExpr ?? subPath ?? '')), path.join(at, mountPath), {
            recursive: true,
          });
        }
        const file = path.join(at, args.at(-1) ?? '');
        const text = readFileSync(file, 'utf8').replaceAll('/etc/dynats/', `${at}/etc/dynats/`);
        if (name === 'node') {
          assert.equal((JSON.parse(text) as { node: string }).node, node);
          continue;
        }
        assert.equal(image, `nats:${binaries['nats-server'].version}-alpine`);
        writeFileSync(file, text);
        const variables = Object.fromEntries(env.map(({ name: key, value = '' }) => [key, expand(value)]));
        execFileSync(natsServer, ['-t', '-c', file], { env: variables, stdio: 'pipe' });
      }
});

test('the manifest has a set for the bus and one for the nodes, a budget for each, and a name for every server', () => {
  for (const name of ['dynats-bus', 'dynats']) {
    const { replicas, selector, template } = podOf(name);
    assert.equal(replicas, nodes.length);
    assert.deepEqual(selector.matchLabels, template.metadata.labels);
    const budget = manifests.find(each => each.kind === 'PodDisruptionBudget' && each.metadata.name === name);
    assert.equal(budget?.spec.maxUnavailable, 1);
    assert.deepEqual(budget.spec.selector, selector);
  }
  const services = manifests.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
  for (const name of nodes.flatMap(node => [`bus-${node}`, `log-${node}`]))
    assert.ok(services.includes(name), name);
});

test('every container is probed, and the replica where its configuration lets it answer', () => {
  const containers = ['dynats-bus', 'dynats'].flatMap(set => podOf(set).template.spec.containers);
  for (const { name, readinessProbe, livenessProbe } of containers)
    assert.ok(readinessProbe && livenessProbe, name);
  const replica = containers.find(({ name }) => name === 'node');
  const probes = [replica?.startupProbe, replica?.readinessProbe, replica?.livenessProbe];
  assert.deepEqual(
    probes.map(probe => probe?.httpGet?.path),
    ['/healthz', '/readyz', '/healthz'],
  );
  for (const probe of probes) {
    const port = replica?.ports?.find(({ name }) => name === probe?.httpGet?.port)?.containerPort;
    for (const node of nodes) {
      const { metrics } = JSON.parse(textOf(`docker/${node}.json`)) as { metrics?: object };
      assert.deepEqual(metrics, { port, listen: '0.0.0.0' }, node);
    }
  }
});

const noValidator = !has('kubernetes-validate') && 'not installed: pip install kubernetes-validate';
test('kubernetes-validate finds nothing in the manifest', { skip: noValidator }, async t => {
  const validate = (file: string) =>
    spawnSync('kubernetes-validate', ['--strict', '-k', '1.31', file], { encoding: 'utf8' });
  const found = validate(path.join(root, 'deploy/kubernetes/dynats.yaml'));
  assert.equal(found.status, 0, found.stdout + found.stderr);
  const broken = path.join(await tempDir(t), 'broken.yaml');
  writeFileSync(broken, textOf('deploy/kubernetes/dynats.yaml').replace('minReadySeconds', 'minReadySecond'));
  assert.notEqual(validate(broken).status, 0);
});
