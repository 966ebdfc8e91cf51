// The whole walk on real brokers: every step is confirmed by the cluster and every prediction comes true.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { lessons } from '../../src/cli/learn/lessons/all.js';
import { processesOn, startDynatsWith, tempDir } from '../support/emulator.js';

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
