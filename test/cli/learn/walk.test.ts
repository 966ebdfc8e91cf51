// How a walk goes on, without a cluster: the lessons here are judged by what the stage was told to do.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { CliError } from '../../../src/cli/exit.js';
import { completeHere } from '../../../src/cli/learn/askers.js';
import type { Lesson } from '../../../src/cli/learn/lesson.js';
import { Teller, wrapped } from '../../../src/cli/learn/teller.js';
import { type WalkOptions, walk } from '../../../src/cli/learn/walk.js';

/** Two lessons of two steps; a step has happened when its command was carried out since its lesson began. */
class FakeStage {
  readonly done: string[] = [];
  readonly facts = { counts: async () => [] };

  async begin(): Promise<void> {
    this.done.push('begin');
  }

  async run(line: string) {
    this.done.push(line);
    return { text: `${line}\n`, failed: false };
  }
}

function lessonsOf(stage: FakeStage, broken?: string): Lesson[] {
  const step = (command: string) => ({
    tell: `About ${command}.`,
    task: `Do ${command}.`,
    command,
    limitMs: 0,
    check: async () =>
      command !== broken && stage.done.slice(stage.done.lastIndexOf('begin')).includes(command)
        ? undefined
        : `${command} has not happened`,
  });
  return [
    { title: 'One', intro: 'First.', steps: [step('a'), step('b')], end: 'So much for one.' },
    {
      title: 'Two',
      intro: 'Second.',
      setup: ['prepare'],
      steps: [
        {
          ...step('c'),
          question: { ask: 'Which?', options: ['x', 'y z'], expected: 'y z', reality: async () => 'y z' },
        },
      ],
      end: 'So much for two.',
    },
  ];
}

/** Plays a walk with these lines typed. */
async function play(typed: string[], more: Partial<WalkOptions> = {}) {
  const stage = new FakeStage();
  const out = new PassThrough();
  const lessons = lessonsOf(stage);
  const asker = { ask: async () => typed.shift() };
  const begun: number[] = [];
  const onLesson = (lesson: number) => void begun.push(lesson);
  const isComplete = await walk({ lessons, stage, asker, teller: new Teller(out), onLesson, ...more });
  return { isComplete, begun, done: stage.done, text: String(out.read() ?? '') };
}

test('a walk goes through all steps and says whether a prediction came true', async () => {
  const { isComplete, done, text } = await play(['a', 'b', 'X', 'c']);
  assert.ok(isComplete);
  assert.deepEqual(done, ['begin', 'a', 'b', 'begin', 'prepare', 'c']);
  assert.match(text, /You said x\. It is y z\./);
  assert.match((await play(['a', 'b', 'y,  Z', 'c'])).text, /You said y z, and so it is\./);
});

test('a step stays open until the cluster says that it happened, whatever was typed', async () => {
  const { isComplete, begun, done } = await play(['b', '', 'nonsense', 'a', 'quit']);
  assert.equal(isComplete, false);
  assert.deepEqual(done, ['begin', 'b', 'nonsense', 'a']);
  assert.deepEqual(begun, [1]);
});

test('hint tells, skip does, back begins the lesson or the one before anew, lesson goes anywhere', async () => {
  const hinted = await play(['hint', 'skip', 'quit']);
  assert.match(hinted.text, /Type: a\n/);
  assert.deepEqual(hinted.done, ['begin', 'a']);
  const back = await play(['a', 'back', 'a', 'b', 'back', 'quit']);
  assert.deepEqual(back.begun, [1, 2, 1]);
  assert.deepEqual(back.done, ['begin', 'a', 'begin', 'a', 'b', 'begin', 'prepare', 'begin']);
  const went = await play(['lesson 3', 'lesson 2', 'skip', 'c']);
  assert.deepEqual(went.begun, [1, 2]);
  assert.match(went.text, /lesson takes a number from 1 to 2/);
  assert.match(went.text, /It is y z\./);
  assert.ok(went.isComplete);
});

test('list marks the lesson, and the end of the input ends the walk', async () => {
  const { isComplete, text } = await play(['list']);
  assert.equal(isComplete, false);
  assert.match(text, /^\* 1 {2}One\n {2}2 {2}Two$/m);
});

test('a range of lessons ends where it says', async () => {
  const { isComplete, begun } = await play(['y z', 'c'], { first: 2, last: 2 });
  assert.ok(isComplete);
  assert.deepEqual(begun, [2]);
});

test('a walk by itself fails where a step or a prediction does not come true', async () => {
  const stage = new FakeStage();
  const options = { stage, isAuto: true, teller: new Teller(new PassThrough()) };
  const asker = { ask: async (_: string, expected: string) => expected };
  await walk({ ...options, asker, lessons: lessonsOf(stage) });
  await assert.rejects(
    walk({ ...options, asker, lessons: lessonsOf(stage, 'b') }),
    (error: unknown) => error instanceof CliError && /lesson 1 .*: b: b has not/.test(error.message),
  );
  const wrong = { ask: async (_: string, expected: string) => (expected === 'y z' ? 'x' : expected) };
  await assert.rejects(
    walk({ ...options, asker: wrong, lessons: lessonsOf(stage) }),
    /lesson 2 .*y z, not x/,
  );
});

test('no line is longer than the terminal', () => {
  const text = 'Four nodes, n0 to n3, and none of them leads. '.repeat(5);
  for (const columns of [30, 78])
    assert.ok(
      wrapped(text, columns)
        .split('\n')
        .every(line => line.length <= columns),
    );
  const out = Object.assign(new PassThrough(), { columns: 40 });
  const teller = new Teller(out);
  teller.text(text);
  teller.task(text);
  teller.bad(text);
  for (const line of String(out.read()).split('\n')) assert.ok(line.length < 40, line);
});

test('Tab knows the words of the walk beside those of the console', () => {
  const nodes = ['n0', 'n1'];
  assert.deepEqual(completeHere('h', nodes), [['help ', 'heal ', 'hint '], 'h']);
  assert.deepEqual(completeHere('cut n', nodes), [['n0 ', 'n1 '], 'n']);
  assert.deepEqual(completeHere('kill n', nodes), [['n0 ', 'n1 '], 'n']);
  assert.deepEqual(completeHere('put 137 x q', nodes), [['quorum '], 'q']);
});
