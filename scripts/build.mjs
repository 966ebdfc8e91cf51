// Builds what is out of date and nothing else: packages, generated code, compiled code.
// Imports nothing outside Node, since it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

// First of all, since what follows uses what came with these versions.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 15)) {
  process.stderr.write(`dynats: Node.js 20.15 or newer is needed; this is ${process.versions.node}.\n`);
  process.exit(1);
}

const root = path.resolve(import.meta.dirname, '..');
const stampDir = path.join(root, 'node_modules', '.dynats');

/** Fails with one clear line; the output of the failed step is above it. */
function run(what, command, args) {
  process.stderr.write(`${what}...\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: false,
  });
  if (result.status !== 0) {
    const why = result.error ? result.error.message : `exit code ${result.status}`;
    process.stderr.write(`dynats: ${what} failed (${why}); see the output above.\n`);
    process.exit(1);
  }
}

function filesBelow(dir) {
  return readdirSync(dir, { recursive: true })
    .map(file => path.join(dir, file))
    .filter(file => statSync(file).isFile())
    .sort();
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const entry of paths) {
    const full = path.join(root, entry);
    if (!existsSync(full)) continue;
    for (const file of statSync(full).isDirectory() ? filesBelow(full) : [full]) {
      if (file.includes(`${path.sep}generated${path.sep}`)) continue;
      hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
    }
  }
  return hash.digest('hex');
}

/** Runs `step` unless the inputs are those of its last success and its output is still there. */
function ifChanged(name, inputs, output, step) {
  const stamp = path.join(stampDir, name);
  const now = digest(inputs);
  if (existsSync(path.join(root, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return;
  rmSync(stamp, { force: true });
  step();
  mkdirSync(stampDir, { recursive: true });
  writeFileSync(stamp, now);
}

/** Removes compiled files whose sources are gone: a test that was deleted must not go on running. */
function removeOrphans() {
  // The incremental compiler does not write again what somebody deleted; without its notes it writes everything.
  if (!existsSync(path.join(root, 'dist/src/cli/main.js')))
    rmSync(path.join(root, 'dist/tsconfig.tsbuildinfo'), { force: true });
  for (const part of ['src', 'test', 'bench', 'examples']) {
    const dir = path.join(root, 'dist', part);
    if (!existsSync(dir)) continue;
    for (const file of filesBelow(dir)) {
      const source = path
        .join(root, path.relative(path.join(root, 'dist'), file))
        .replace(/(\.d\.ts|\.js|\.js\.map)$/, '');
      if (!['.ts', '.js', ''].some(extension => existsSync(source + extension))) rmSync(file);
    }
  }
}

ifChanged('packages', ['package.json', 'package-lock.json'], 'node_modules/typescript', () => {
  run('Installing packages', process.platform === 'win32' ? 'npm.cmd' : 'npm', [
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
});

ifChanged(
  'generated',
  ['schemas', 'scripts/generate.mjs', 'package-lock.json'],
  'src/wire/generated/types.ts',
  () => {
    run('Generating types and validators', process.execPath, ['scripts/generate.mjs']);
  },
);

ifChanged(
  'compiled',
  [
    'src',
    'test',
    'bench',
    'examples',
    'schemas',
    'scripts/generate.mjs',
    'tsconfig.json',
    'package-lock.json',
  ],
  'dist/src/cli/main.js',
  () => {
    removeOrphans();
    run('Compiling', process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
    const generated = 'src/wire/generated';
    mkdirSync(path.join(root, 'dist', generated), { recursive: true });
    for (const file of ['validators.js', 'validators.d.ts'])
      copyFileSync(path.join(root, generated, file), path.join(root, 'dist', generated, file));
  },
);

ifChanged(
  'page',
  [
    'web',
    ...['cli', 'model', 'wire', 'errors.ts', 'ports.ts', 'node/request-counts.ts'].map(part => `src/${part}`),
    'src/emulator/link-names.ts',
    'schemas',
    'package-lock.json',
  ],
  'dist/web/main.js',
  () => {
    const out = path.join(root, 'dist/web');
    rmSync(out, { recursive: true, force: true });
    run('Checking the page', process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'web']);
    run('Bundling the page', process.execPath, [
      'node_modules/esbuild-wasm/bin/esbuild',
      'web/main.ts',
      '--bundle',
      '--minify',
      '--format=esm',
      '--target=es2022',
      '--log-level=warning',
      '--legal-comments=none',
      '--outfile=dist/web/main.js',
    ]);
    for (const file of ['index.html', 'icon.svg', 'style.css'])
      copyFileSync(path.join(root, 'web', file), path.join(out, file));
    copyFileSync(path.join(root, 'node_modules/uplot/dist/uPlot.min.css'), path.join(out, 'uplot.css'));
  },
);

// `npx dynats` inside the checkout: npm links the commands of dependencies, not the package's own.
const link = path.join(root, 'node_modules/.bin/dynats');
if (process.platform !== 'win32' && !existsSync(link)) {
  rmSync(link, { force: true });
  chmodSync(path.join(root, 'bin/dynats.js'), 0o755);
  symlinkSync('../../bin/dynats.js', link);
}
