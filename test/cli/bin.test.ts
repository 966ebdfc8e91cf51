import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../support/emulator.js';

const bin = fileURLToPath(new URL('../../../bin/dynats.js', import.meta.url));

test('the command in a checkout that is not built says how to build it', async t => {
  const checkout = await tempDir(t);
  cpSync(bin, path.join(checkout, 'bin/dynats.js'));
  writeFileSync(path.join(checkout, 'package.json'), '{"type":"module"}');
  const { status, stderr } = spawnSync(process.execPath, [path.join(checkout, 'bin/dynats.js'), 'status']);
  assert.equal(status, 1);
  assert.match(String(stderr), /^dynats: .* not built yet: run npm run build .*\n$/);
});

test('the command in a built checkout runs', () => {
  const { status, stdout } = spawnSync(process.execPath, [bin, '--version']);
  assert.deepEqual([status, /^\d+\.\d+\.\d+\n$/.test(String(stdout))], [0, true]);
});
