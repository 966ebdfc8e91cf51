import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { endLeftovers, isOurs } from '../../src/emulator/leftovers.js';
import { isAlive } from '../../src/emulator/process-table.js';

const idle = 'process.send("up"); setInterval(() => {}, 1e6)';

async function sleeper(t: { after(end: () => void): void }, argument: string, code = idle): Promise<number> {
  const child = spawn(process.execPath, ['-e', code, argument], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'message');
  return child.pid ?? assert.fail('no pid');
}

describe('left-over processes', () => {
  test('are ended when their command line names the recorded file', async t => {
    const pid = await sleeper(t, '/data/n0/bus.conf');
    assert.equal(await endLeftovers([{ pid, config: '/data/n0/bus.conf' }]), 1);
    assert.equal(isAlive(pid), false);
  });

  test('are ended though they are stopped and ignore SIGTERM', async t => {
    const pid = await sleeper(t, '/data/n0/log.conf', `process.on("SIGTERM", () => {}); ${idle}`);
    process.kill(pid, 'SIGSTOP');
    assert.equal(await endLeftovers([{ pid, config: '/data/n0/log.conf' }]), 1);
    assert.equal(isAlive(pid), false);
  });

  test('are left alone when the pid belongs to another program by now', async t => {
    const pid = await sleeper(t, '/elsewhere/bus.conf');
    assert.equal(isOurs({ pid, config: '/data/n0/bus.conf' }), false);
    assert.equal(await endLeftovers([{ pid, config: '/data/n0/bus.conf' }]), 0);
    assert.equal(isAlive(pid), true);
  });

  test('that are gone are no trouble', async () => {
    assert.equal(await endLeftovers([{ pid: 2 ** 22 + 1, config: '/data/n0/bus.conf' }]), 0);
  });
});
