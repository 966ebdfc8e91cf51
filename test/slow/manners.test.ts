// The command line as people meet it: the cheat sheet as it stands, failures that say what to do, Ctrl-C.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { topics } from '../../src/cli/cheat/sheet.js';
import { dynats } from '../cli/run-dynats.js';
import { cliPath, emulatorOptions, startEmulator, tempDir } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

/** What these need is another terminal, another cluster, or much time. */
const notRun = /^dynats (watch|bench|status --watch)|dynats tap/;

test('the lines of the cheat sheet work as they stand, and failures and Ctrl-C say what to do', async t => {
  const options = await emulatorOptions(t);
  const emulator = await startEmulator(t, options);
  const dir = await tempDir(t);
  mkdirSync(path.join(dir, 'bin'));
  const command = path.join(dir, 'bin', 'dynats');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${cliPath}" "$@"\n`);
  chmodSync(command, 0o755);
  const env = {
    ...process.env,
    PATH: `${path.join(dir, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: dir,
    DYNATS_DATA: options.dataDir,
    NATS_URL: '',
    NATS_CONTEXT: '',
  };

  await t.test('cheat sheet', async () => {
    await dynats(['put', '137', 'value137'], { env: { DYNATS_DATA: options.dataDir } });
    const run = topics.filter(({ name }) => ['data', 'levels', 'buckets', 'insight'].includes(name));
    const outputs = await Promise.all(
      run.map(({ lines }) => {
        const script = lines
          .map(line => (typeof line === 'string' ? line : line[0]))
          .filter(line => !notRun.test(line))
          .join('\n');
        return promisify(execFile)('sh', ['-ec', script], { env, cwd: dir, timeout: 240_000 });
      }),
    );
    assert.ok(outputs.every(({ stdout }) => stdout !== ''));
  });

  await t.test('a paused owner is to be resumed, and nobody waits for it in a repair', async () => {
    await emulator.pause('n0');
    const run = (...args: string[]) => dynats(args, { env: { DYNATS_DATA: options.dataDir } });
    const [all, elsewhere, bucket] = await Promise.all([
      run('get', '137', '--level', 'all'),
      run('get', '137', '--level', 'all', '--server', emulator.urls[1] ?? ''),
      run('put', '137', 'v', '--bucket', 'defualt'),
    ]);
    assert.deepEqual([all.code, elsewhere.code, bucket.code], [5, 5, 3]);
    assert.match(
      all.stderr,
      /ALL needs 3 .*2 alive \(n0 down\): start it \(dynats resume n0\), or try --level quorum/,
    );
    assert.match(elsewhere.stderr, /start it \(where it runs\), or try --level quorum/);
    assert.match(bucket.stderr, /there is no bucket defualt: .*; did you mean default\?/);
    const repair = await run('repair');
    assert.equal(repair.code, 5);
    assert.match(repair.stdout, /^n0\t.*is down$/m);
    await emulator.resume('n0');
  });

  await t.test('Ctrl-C ends with 130 and what was done', async () => {
    await dynats(['put', 'large'], {
      stdin: Buffer.alloc(500_000, 'x'),
      env: { DYNATS_DATA: options.dataDir },
    });
    const exporting = spawn(process.execPath, [cliPath, 'export', '-'], { env });
    let said = '';
    exporting.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = once(exporting, 'close');
    // Nobody reads on: it is in the middle of its output.
    exporting.stdout.once('readable', () => {});
    await eventually(() => exporting.stdout.readableLength > 0, {
      deadlineMs: 20_000,
      what: 'the export writes',
    });
    exporting.kill('SIGINT');
    exporting.stdout.resume();
    assert.deepEqual((await ended)[0], 130);
    assert.match(said, /dynats: interrupted: \d+ keys? were written, the rest was not\n$/);
  });
});
