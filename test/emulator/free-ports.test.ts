// Blocks of ports of processes side by side do not meet.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { freePorts } from '../../src/emulator/free-ports.js';

const module = new URL('../../src/emulator/free-ports.js', import.meta.url).href;

test('blocks are given one after another, and calls at once get two', async () => {
  const [first, second] = await Promise.all([freePorts(16), freePorts(16)]);
  assert.ok(Math.abs(first - second) >= 16, `${first} and ${second}`);
  const third = await freePorts(16);
  assert.ok(![first, second].includes(third));
});

test('a block that fits nowhere is refused', async () => {
  await assert.rejects(freePorts(500), /no block of 500 free ports/);
});

test('a process that holds none of its ports still keeps others from them', async t => {
  const own = await freePorts(1);
  // 43 slices are left: of twelve processes that all run, at least two would meet by chance in most runs.
  const others = Array.from({ length: 12 }, () => {
    const code = `const { freePorts } = await import('${module}'); console.log(await freePorts(1)); process.stdin.resume();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.after(() => child.kill());
    return child;
  });
  const slices = await Promise.all(
    others.map(async ({ stdout }) => Math.floor(Number((await once(stdout, 'data'))[0]) / 500)),
  );
  assert.equal(new Set([...slices, Math.floor(own / 500)]).size, 13, slices.join(', '));
});
