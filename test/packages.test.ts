// The packages that Dynats rests on: exact, few, each with its reason, and none that runs anything when it is installed.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Packages that come with the command, theirs included; all, with those that build and test it. */
const shippedMax = 40;
const allMax = 115;
/** Packages of the tools, for other platforms too. */
const toolsMax = 125;

const root = new URL('../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = (JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }).packages;
const direct = { ...manifest.dependencies, ...manifest.devDependencies };
const locked = Object.entries(lock).filter(([path]) => path !== '');

/** Packages that the table in CONTRIBUTING names; `@types/*` stands for all of these. */
function reasons(): { shipped: string[]; dev: string[] } {
  const table = read('CONTRIBUTING.md').split('## Dependencies')[1]?.split('\n## ')[0] ?? '';
  const rows = table.split('\n').filter(line => /^\| .*`/.test(line));
  const named = (line: string): string[] =>
    [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) =>
      name.endsWith('/*') ? Object.keys(direct).filter(each => each.startsWith(name.slice(0, -1))) : [name],
    );
  for (const row of rows) assert.match(row.split('|')[2] ?? '', /\w{3}/, `no reason: ${row}`);
  const isDev = (line: string): boolean => /^\| dev:/.test(line);
  return {
    shipped: rows.filter(row => !isDev(row)).flatMap(named),
    dev: rows.filter(isDev).flatMap(named),
  };
}

test('every package has its reason in CONTRIBUTING, and no reason is without its package', () => {
  const { shipped, dev } = reasons();
  assert.deepEqual(shipped.sort(), Object.keys(manifest.dependencies).sort());
  assert.deepEqual(dev.sort(), Object.keys(manifest.devDependencies).sort());
});

test('every version is exact, and the lockfile has it', () => {
  for (const [name, version] of Object.entries(direct)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.equal(lock[`node_modules/${name}`]?.version, version, name);
  }
  assert.deepEqual(lock['']?.dependencies, manifest.dependencies);
  assert.deepEqual(lock['']?.devDependencies, manifest.devDependencies);
});

test('every locked package has a checksum, but those for other platforms than the one it was locked on', () => {
  const without = locked.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? ''));
  const unexpected = without.filter(
    ([path, { optional, dev }]) => !(optional && dev && path.includes('@biomejs/cli-')),
  );
  assert.deepEqual(
    unexpected.map(([path]) => path),
    [],
  );
});

test('the tools have exact versions, and a lockfile that names no registry', () => {
  const tools = JSON.parse(read('tools/package.json')) as Manifest;
  const text = read('tools/package-lock.json');
  const { packages } = JSON.parse(text) as { packages: Record<string, Locked> };
  for (const [name, version] of Object.entries(tools.dependencies))
    assert.equal(packages[`node_modules/${name}`]?.version, version, name);
  assert.doesNotMatch(text, /"resolved": "http/);
  assert.ok(Object.keys(packages).length <= toolsMax);
});

test('nothing runs when packages are installed: --ignore-scripts leaves nothing out', () => {
  assert.deepEqual(
    locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path),
    [],
  );
  const hooks = [
    'preinstall',
    'install',
    'postinstall',
    'prepublish',
    'preprepare',
    'prepare',
    'postprepare',
  ];
  assert.deepEqual(
    Object.keys(manifest.scripts).filter(name => hooks.includes(name)),
    [],
  );
});

test('packages are few', () => {
  const shipped = locked.filter(([, { dev }]) => dev !== true).length;
  assert.ok(shipped <= shippedMax, `${shipped} packages come with the command`);
  assert.ok(locked.length <= allMax, `${locked.length} packages in all`);
});

test('every package that is shipped is used by what is shipped', () => {
  const src = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
    .filter(file => /\.(ts|js)$/.test(file))
    .map(file => read(`src/${file}`))
    .join('\n');
  const unused = Object.keys(manifest.dependencies).filter(
    name => !new RegExp(`(from|import\\(|require\\()\\s*['"]${name}(/|['"])`).test(src),
  );
  assert.deepEqual(unused, []);
});
