// Lesson: a read that mends what it finds.
import { all, hinted, hold, noHints, shown, valueRead, wasRead } from '../checks.js';
import type { Lesson } from '../lesson.js';

export const readRepair: Lesson = {
  title: 'Read repair, seen happening',
  intro: `Once more n2 has missed a write, and its hint waits. A read above ONE that finds an owner stale writes the
newer record to it before it answers: so the next reader cannot see less than you did.`,
  setup: ['dynats hints pause n2', 'kill n2', 'put 137 newer quorum', 'restart n2', 'via n2'],
  steps: [
    {
      tell: 'With tracing on, each request tells who answered what.',
      task: 'Type: tracing on',
      command: 'tracing on',
      check: all(
        shown(() => ['Tracing is on']),
        hold(['n2'], 'start'),
        hinted('n2'),
      ),
      limitMs: 15_000,
    },
    {
      tell: 'n2 holds start, n3 and n0 hold newer. Look at the columns "held version" and "repair".',
      question: {
        ask: 'After a QUORUM read through n2, what will n2 itself hold?',
        options: ['start', 'newer'],
        expected: 'newer',
        reality: async ({ facts }) => (await facts.copy('n2', '137')) ?? 'nothing',
      },
      task: 'Read 137 at quorum.',
      command: 'get 137 quorum',
      check: all(wasRead('QUORUM', 'n2'), hold(['n2'], 'newer')),
      after:
        'The receipt says so: n2 was found with an older version, and its log acked the repair before you had the answer.',
    },
    {
      tell: 'The hint had no part in that.',
      question: {
        ask: 'How many hint entries for n2 are still kept?',
        options: ['0', '1'],
        expected: '1',
        reality: async ({ facts }) => String(await facts.hintsFor('n2')),
      },
      task: 'Look at the nodes. Type: status',
      command: 'status',
      check: all(
        hinted('n2'),
        shown(({ facts }) => facts.nodes),
      ),
    },
    {
      tell: 'A hint that comes late does no harm: it is a record like any other, and n2 has it already.',
      question: {
        ask: 'Once it has been delivered, what will n2 hold?',
        options: ['start', 'newer'],
        expected: 'newer',
        reality: async ({ facts }) => (await facts.copy('n2', '137')) ?? 'nothing',
      },
      task: 'Let it be delivered. Type: dynats hints resume n2',
      command: 'dynats hints resume n2',
      check: all(noHints('n2'), hold(['n2', 'n3', 'n0'], 'newer')),
      limitMs: 15_000,
    },
    {
      tell: '',
      question: {
        ask: 'And now: what does n2 answer at ONE?',
        options: ['start', 'newer'],
        expected: 'newer',
        reality: valueRead,
      },
      task: 'Read 137 at one.',
      command: 'get 137 one',
      check: wasRead('ONE', 'n2'),
    },
  ],
  end: `Writes, hints, repairs and anti-entropy all do the same: they publish a record to the log that lacks it. It may
come twice, late and in any order, and the owners still end with the same.`,
};
