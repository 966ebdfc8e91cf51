// `npm test`: types, lint and format, every test but those of test/slow (`npm run test:slow`) and of test/bugs
// (`npm run test:bugs`). `npm test -- test/model`
// (files or directories) runs just those; options (`--test-name-pattern=...`) are handed to Node's test runner.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { setup } from './setup.mjs';

const root = path.resolve(import.meta.dirname, '..');
const live = path.join('dist', 'test', 'live') + path.sep;
const timed = path.join('dist', 'test', 'timed') + path.sep;
const slow = path.join('dist', 'test', 'slow') + path.sep;
const bugs = path.join('dist', 'test', 'bugs') + path.sep;
/** Of one test or one file; a hung test fails, rather than the machine that runs it. */
const testTimeoutMs = 10 * 60_000;
const slowTimeoutMs = 40 * 60_000;

function step(what, args, env = process.env) {
  process.stderr.write(`\n== ${what}\n`);
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.error) throw result.error;
  return result.status === 0;
}

/** `test/model/ring.test.ts`, or a directory, as the compiled files (relative to the root). */
function compiledTests(argument) {
  const source = path.resolve(argument);
  const relative = path.relative(root, source);
  const compiled = relative.startsWith('dist')
    ? relative
    : path.join('dist', relative.replace(/\.ts$/, '.js'));
  const full = path.join(root, compiled);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [compiled];
  return readdirSync(full, { recursive: true })
    .filter(file => file.endsWith('.test.js'))
    .map(file => path.join(compiled, file))
    .sort();
}

const options = process.argv.slice(2).filter(argument => argument.startsWith('-'));
const wanted = process.argv.slice(2).filter(argument => !argument.startsWith('-'));
const files = new Set();
for (const argument of wanted.length > 0 ? wanted : ['test']) {
  const found = compiledTests(argument);
  if (found.length === 0) {
    process.stderr.write(`dynats: no test in ${argument}; name a file or directory below test/.\n`);
    process.exit(1);
  }
  for (const file of found)
    if (wanted.length > 0 || !(file.startsWith(slow) || file.startsWith(bugs))) files.add(file);
}

const found = await setup(['nats-server', 'nats']);
const needsBrowser = [...files].some(file => /(dashboard|browser)\.test\.js$/.test(file));
const chromium = needsBrowser ? ensureChromium() : undefined;
const env = {
  ...process.env,
  DYNATS_NATS_SERVER: found['nats-server'].path,
  DYNATS_NATS_CLI: found.nats.path,
  ...(chromium === undefined ? {} : { DYNATS_CHROMIUM: chromium }),
};

const failed = [];
if (wanted.length === 0 && !step('lint and format', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']))
  failed.push('lint and format');

const isSlow = [...files].some(file => file.startsWith(slow) || file.startsWith(bugs));
const timeoutMs = isSlow ? slowTimeoutMs : testTimeoutMs;
const runner = ['--test', '--test-reporter=spec', `--test-timeout=${timeoutMs}`, ...options];
const isLive = file => file.startsWith(live);
/** They say how long something takes at most, or keep the machine busy for long. */
const isAlone = file => file.startsWith(timed) || file.startsWith(slow);
const steps = [
  {
    what: 'tests',
    wants: file => !isLive(file) && !isAlone(file),
    own: [`--test-concurrency=${availableParallelism()}`],
  },
  // Whole clusters, which mostly wait.
  { what: 'live tests', wants: isLive, own: ['--test-concurrency=2'] },
  { what: 'tests with nothing beside them', wants: isAlone, own: ['--test-concurrency=1'] },
];
for (const { what, wants, own } of steps) {
  const share = [...files].filter(wants);
  if (share.length > 0 && !step(what, [...runner, ...own, ...share], env)) failed.push(what);
}

// Ratios within one run, with wide margins: not how fast this machine is, but whether Dynats has become much slower.
const check =
  '--check --only throughput --kinds put,get --concurrency 64,256 --modes direct --levels quorum --rounds 2 --seconds 0.5';
if (wanted.length === 0 && !step('benchmark check', ['dist/bench/run.js', ...check.split(' ')], env))
  failed.push('benchmark check');

if (failed.length > 0) {
  process.stderr.write(`\ndynats: failed: ${failed.join(', ')}.\n`);
  process.exit(1);
}
