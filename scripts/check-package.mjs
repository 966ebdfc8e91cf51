// Checks the package that `npm pack` makes: its manifest, its types under every way to resolve them, and what a bundler for
// browsers makes of it, in a real browser.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import esbuild from 'esbuild-wasm';
import { ensureChromium } from './chromium.mjs';
import { ensureTools, toolPath } from './tools.mjs';

const root = path.resolve(import.meta.dirname, '..');
const dir = mkdtempSync(path.join(os.tmpdir(), 'dynats-package-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

function fail(what) {
  process.stderr.write(`dynats: ${what} failed; see above.\n`);
  process.exit(1);
}

function run(what, command, args, { cwd = root, env = {} } = {}) {
  process.stdout.write(`${what}\n`);
  const options = { cwd, env: { ...process.env, ...env }, encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync(command, args, options);
  if (status === 0) return stdout;
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return fail(what);
}

const node = (what, args, options) => run(what, process.execPath, args, options);

/** A project of its own, with the package installed. */
function emptyProject(tarball) {
  const project = path.join(dir, 'project');
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', tarball];
  run('npm install of the package in an empty project', 'npm', args, { cwd: project });
  return project;
}

/** Compiles one file that uses the package, as projects of several kinds do. */
function checkTypes(project) {
  const source = `import { connect, type Entry, Level, UnavailableError } from 'dynats';
import { Kvm } from 'dynats/kv';
export async function first(servers: string): Promise<Entry | undefined> {
  await using client = await connect({ servers });
  await client.put('a', new Uint8Array([1]), { level: Level.Quorum }).catch(error => {
    if (error instanceof UnavailableError) return error.alive satisfies number;
    throw error;
  });
  return client.get('a');
}
export const made: typeof Kvm = Kvm;
`;
  writeFileSync(path.join(project, 'program.ts'), source);
  cpSync(path.join(root, 'node_modules/@types/node'), path.join(project, 'node_modules/@types/node'), {
    recursive: true,
  });
  cpSync(path.join(root, 'node_modules/undici-types'), path.join(project, 'node_modules/undici-types'), {
    recursive: true,
  });
  const tsc = toolPath('typescript/bin/tsc');
  const bundler = {
    module: 'esnext',
    moduleResolution: 'bundler',
    types: [],
    lib: ['es2023', 'esnext.disposable', 'dom'],
    // Options name types of Node's TLS, which are not there.
    skipLibCheck: true,
  };
  const kinds = {
    'Node, every declaration checked': {
      module: 'nodenext',
      types: ['node'],
      lib: ['es2023', 'esnext.disposable'],
    },
    'a bundler for browsers, without the types of Node': bundler,
    'a bundler, with its condition "browser"': { ...bundler, customConditions: ['browser'] },
  };
  for (const [kind, options] of Object.entries(kinds)) {
    const compilerOptions = { strict: true, noEmit: true, target: 'es2022', ...options };
    writeFileSync(
      path.join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['program.ts'] }),
    );
    node(`types: ${kind}`, [tsc, '-p', '.'], { cwd: project });
  }
}

/** Bundles an entry of the package as web projects do, and says how large that is. @returns the bundle's path. */
async function bundle(project, entry) {
  const outfile = path.join(dir, `${entry.replace('/', '-')}.js`);
  process.stdout.write(`esbuild for browsers: ${entry}\n`);
  const { warnings, metafile } = await esbuild.build({
    stdin: { contents: `export * from '${entry}';`, resolveDir: project },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    outfile,
  });
  if (warnings.length > 0) fail('esbuild, without warnings');
  const code = readFileSync(outfile);
  const bytesOf = part =>
    Object.entries(Object.values(metafile.outputs)[0].inputs)
      .filter(([file]) => file.includes(part))
      .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  const kB = bytes => `${(bytes / 1000).toFixed(0)} kB`;
  process.stdout.write(
    `  ${kB(code.length)} minified, ${kB(gzipSync(code).length)} gzipped; ${kB(bytesOf('@nats-io'))} of it the NATS client, ${kB(bytesOf('generated/validators'))} the validators\n`,
  );
  return outfile;
}

node('build', ['scripts/build.mjs']);
ensureTools();
const [{ filename }] = JSON.parse(
  run('npm pack', 'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir]),
);
const tarball = path.join(dir, filename);
node('publint', [toolPath('publint/src/cli.js'), tarball, '--strict']);
// CommonJS may `import()` it, or `require` it from Node 22.12 on: one format, so that no two copies of a class exist.
const attw = toolPath('@arethetypeswrong/cli/dist/index.js');
node('attw', [attw, tarball, '--profile', 'esm-only']);
const project = emptyProject(tarball);
checkTypes(project);
await bundle(project, 'dynats/kv');
const bundled = await bundle(project, 'dynats');
const env = { DYNATS_BUNDLE: bundled, DYNATS_CHROMIUM: ensureChromium() ?? '' };
const page = node('the bundle in Chromium', ['--test', 'dist/test/live/browser.test.js'], { env });
process.stdout.write(/# skipped 0/.test(page) ? '  passed\n' : '  skipped: there is no Chromium\n');
