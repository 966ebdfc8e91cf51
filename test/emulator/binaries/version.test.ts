import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { isAtLeast, versionOf } from '../../../src/emulator/binaries/version.js';
import { place, script } from './fixture.js';

for (const [version, minimum, expected] of [
  ['2.11.0', '2.11.0', true],
  ['2.15.1', '2.11.0', true],
  ['3.0.0', '2.11.0', true],
  ['2.9.10', '2.11.0', false],
  ['2.10.27', '2.11.0', false],
  ['1.99.99', '2.11.0', false],
  ['0.4.0', '0.4.1', false],
] as const)
  test(`${version} is ${expected ? '' : 'not '}at least ${minimum}`, () => {
    assert.equal(isAtLeast(version, minimum), expected);
  });

for (const [printed, version] of [
  ['nats-server: v2.15.1', '2.15.1'],
  ['v0.4.0', '0.4.0'],
  ['0.1.5', '0.1.5'],
  ['nats-server: v2.12.0-RC.1', '2.12.0'],
] as const)
  test(`a binary that prints "${printed}" is version ${version}`, async t => {
    const { dir } = await place(t);
    const file = await script(path.join(dir, 'a'), `echo "${printed}"`);
    assert.deepEqual(await versionOf(file), { version });
  });

test('a binary that fails or prints something else has a problem in place of a version', async t => {
  const { dir } = await place(t);
  const failing = await script(path.join(dir, 'failing'), 'echo v2.15.1; exit 3');
  assert.deepEqual(await versionOf(failing), { problem: 'does not run (exit code 3)' });
  const silent = await script(path.join(dir, 'silent'), 'echo hello');
  assert.deepEqual(await versionOf(silent), { problem: 'prints no version' });
  assert.deepEqual(await versionOf(path.join(dir, 'none')), { problem: 'does not run (ENOENT)' });
});
