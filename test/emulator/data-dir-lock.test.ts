import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DataDirLock } from '../../src/emulator/data-dir-lock.js';
import { startOf } from '../../src/emulator/process-table.js';
import { tempDir } from '../support/emulator.js';

describe('the lock of a data directory', () => {
  test('has one owner at a time', async t => {
    const dir = await tempDir(t);
    const lock = acquired(dir);
    assert.deepEqual(DataDirLock.acquire(dir), { ownedBy: process.pid });
    assert.equal(DataDirLock.ownerOf(dir), process.pid);
    lock.release();
    assert.equal(DataDirLock.ownerOf(dir), undefined);
    acquired(dir);
  });

  for (const [what, content] of [
    ['a process that has ended', JSON.stringify({ pid: 2 ** 22 + 1, start: 'then' })],
    ['another process that was given the pid since', JSON.stringify({ pid: process.pid, start: 'before' })],
    ['a crash in the middle of writing', `{"pid":${process.pid},"sta`],
    [
      'an owner that released it',
      `released${JSON.stringify({ pid: process.pid, start: startOf(process.pid) })}`,
    ],
  ] as const)
    test(`is taken over from ${what}, and swept`, async t => {
      const dir = await tempDir(t);
      writeFileSync(`${dir}/lock.7`, content);
      acquired(dir);
      assert.deepEqual(readdirSync(dir), ['lock.8']);
    });

  test('that its owner has only just created is respected', async t => {
    const dir = await tempDir(t);
    writeFileSync(`${dir}/lock.1`, '');
    assert.deepEqual(DataDirLock.acquire(dir), { ownedBy: 0 });
  });
});

function acquired(dir: string): DataDirLock {
  const lock = DataDirLock.acquire(dir);
  assert.ok(lock instanceof DataDirLock, 'acquired');
  return lock;
}
