// Two lessons of the walk on its own cluster, which is gone when Ctrl-C ends it. The whole walk: test/slow/learn.test.ts.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { dynats, processesOn, startDynatsWith, tempDir } from '../support/emulator.js';

test('the walk plays by itself, each step confirmed, and leaves nothing behind when it is interrupted', async t => {
  const dir = await tempDir(t);
  // Servers of the user's that the walk must not go to: nobody is there.
  const env = { TMPDIR: dir, NATS_URL: 'nats://127.0.0.1:1', DYNATS_DATA: `${dir}/none` };
  const walk = startDynatsWith(t, env, 'learn', '--auto');
  await walk.printed('Lesson 3 of 7');
  assert.equal(readdirSync(dir).length, 1);
  walk.kill('SIGINT');
  const { code, stdout, stderr } = await walk.finished;
  assert.equal(code, 130, stderr);
  const [lessonOne = '', lessonTwo = ''] = stdout.split(/Lesson \d of 7/).slice(1);
  assert.equal(lessonOne.match(/^ok /gm)?.length, 5);
  assert.equal(lessonTwo.match(/^ok /gm)?.length, 6);
  assert.match(lessonTwo, /UNAVAILABLE: ALL needs 3 owners of key 137, 2 alive/);
  assert.match(stderr, /go on with dynats learn --lesson 3/);
  assert.deepEqual(readdirSync(dir), []);
  assert.deepEqual(await processesOn(dir), []);
});

test('without a terminal, or with a lesson that is none, it says what to do', async () => {
  const none = await dynats('learn');
  assert.equal(none.code, 3);
  assert.match(none.stderr, /needs a terminal: --auto plays it/);
  for (const lesson of ['0', '8', '3-2', 'x']) {
    const { code, stderr } = await dynats('learn', '--auto', '--lesson', lesson);
    assert.equal(code, 3);
    assert.match(stderr, /--lesson ".*" must be a lesson from 1 to 7/);
  }
  const { stdout, code } = await dynats('learn', '--list');
  assert.equal(code, 0);
  assert.equal(stdout.trim().split('\n').length, 7);
});
