// The whole walk on real brokers: every step is confirmed by the cluster and every prediction comes true.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { lessons } from '../../src/cli/learn/lessons/all.js';
import { cleanUp, cliPath, processesOn, startDynatsWith, tempDir } from '../support/emulator.js';

test('all lessons go as told', async t => {
  const dir = await tempDir(t);
  const walk = startDynatsWith(t, { TMPDIR: dir }, 'learn', '--auto');
  const { code, stdout, stderr } = await walk.finished;
  assert.equal(code, 0, stderr);
  const steps = lessons.reduce((sum, lesson) => sum + lesson.steps.length, 0);
  assert.equal(stdout.match(/^ok /gm)?.length, steps);
  assert.deepEqual(readdirSync(dir), []);
  assert.deepEqual(await processesOn(dir), []);
});

const scriptPath = '/usr/bin/script';

test('a person at a terminal of 80 columns goes through the first lesson', {
  skip: existsSync(scriptPath) ? false : 'there is no script command to make a terminal with',
}, async t => {
  const dir = await tempDir(t);
  const command = `stty cols 80 rows 24; exec ${process.execPath} ${cliPath} learn`;
  const env = { ...process.env, TMPDIR: dir, NO_COLOR: '1', TERM: 'dumb' };
  const child = spawn(scriptPath, ['-qec', command, '/dev/null'], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanUp(t, () => child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const ended = once(child, 'close');
  // Typed ahead, as fast as one can. The second line is not what the step waits for.
  const typed = 'hint,get 137,status,skip,n0 n1 n2,inspect key 200,via n2,put 200 hello all,quit';
  child.stdin.write(`${typed.replaceAll(',', '\n')}\n`);
  const [code] = (await ended) as [number];
  assert.equal(code, 0, text);
  assert.match(text, /The step is still open/);
  assert.match(text, /You said n0 n1 n2\. It is n3 n0 n1\./);
  assert.match(text, /Lesson 2 of 7.*Go on later with: dynats learn --lesson 2/s);
  for (const line of text.split(/\r?\n/)) assert.ok(line.length <= 80, line);
  assert.deepEqual(readdirSync(dir), []);
  assert.deepEqual(await processesOn(dir), []);
});
