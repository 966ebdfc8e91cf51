// Lesson: a hint kept for an owner that is down, and delivered.
import { all, down, hinted, hold, noHints, shown, up } from '../checks.js';
import type { Lesson } from '../lesson.js';

export const hints: Lesson = {
  title: 'A hint, kept and delivered',
  intro: `An owner that is down misses writes. Somebody keeps them for it: the first node behind the owners takes a
hint, the record itself, in a stream on its own disk. For key 137 that is n1.`,
  steps: [
    {
      tell: 'Kill an owner again.',
      task: 'Type: kill n2',
      command: 'kill n2',
      check: down('n2'),
    },
    {
      tell: 'It is going to miss this.',
      task: 'Store missed under 137 at quorum.',
      command: 'put 137 missed quorum',
      check: all(hold(['n3', 'n0'], 'missed'), hinted('n2')),
    },
    {
      tell: 'Look for the hint.',
      question: {
        ask: 'Which node keeps the hint for n2?',
        options: ['n0', 'n1', 'n3'],
        expected: 'n1',
        reality: async ({ facts }) => (await facts.holdersFor('n2')).join(' '),
      },
      task: 'Type: status, and look at the columns "hints held" and "for it".',
      command: 'status',
      check: all(
        hinted('n2'),
        shown(({ facts }) => facts.nodes),
      ),
      after: `A hint counts for nothing in ONE, QUORUM and ALL, which count owners. It only makes sure that n2 hears of it.
It is on disk: the hint would outlive the death of n1, too.`,
    },
    {
      tell: 'Bring the owner back.',
      question: {
        ask: 'What will n2 hold a few seconds after its start: start, which it had, or missed?',
        options: ['start', 'missed'],
        expected: 'missed',
        reality: async ({ facts }) => (await facts.copy('n2', '137')) ?? 'nothing',
      },
      task: 'Restart n2.',
      command: 'restart n2',
      check: all(up('n2'), hold(['n2'], 'missed'), noHints('n2')),
      limitMs: 15_000,
      after:
        'n1 saw it come back, published what it had kept to the log of n2, and removed it once the log had acked.',
    },
    {
      tell: 'See for yourself that all three owners agree.',
      task: 'Look at key 137 on all its owners.',
      command: 'inspect key 137',
      check: all(
        hold(['n2', 'n3', 'n0'], 'missed'),
        shown(() => ['missed']),
      ),
    },
  ],
  end: `A hint is kept for three hours (dynats hints shows and sets that). What is away for longer is brought up to
date by anti-entropy, the background comparison that is off in this walk.`,
};
