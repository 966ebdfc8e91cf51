// Lesson: a node cut off from the others, with clients on both sides.
import { agree, all, hold, noHints, refusedOrStored, shown, wasRefused } from '../checks.js';
import type { Lesson } from '../lesson.js';

export const partition: Lesson = {
  title: 'A partition',
  intro: `So far nodes died. Now one lives and cannot be reached: the cable between n2 and the three others is cut. For n2
the others are dead, for them n2 is. And there are clients on both sides.`,
  steps: [
    {
      tell: 'The walk keeps a proxy on every link between nodes. From now on it passes nothing on, to or from n2.',
      task: 'Type: cut n2',
      command: 'cut n2',
      check: async ({ facts }) => {
        const [left = [], right = []] = [await facts.seenBy('n2'), await facts.seenBy('n0')];
        if (left.length > 0) return `n2 still sees ${left.join(', ')}`;
        return right.includes('n2') ? 'n0 still sees n2' : undefined;
      },
      limitMs: 15_000,
    },
    {
      tell: 'Be a client on the side of n2, which is alone there.',
      task: 'Type: connect n2',
      command: 'connect n2',
      check: shown(() => ['beside n2']),
    },
    {
      tell: 'Of the owners of 137, n2 can reach itself.',
      question: {
        ask: 'You write at QUORUM beside n2. Stored or refused?',
        options: ['stored', 'refused'],
        expected: 'refused',
        reality: refusedOrStored,
      },
      task: 'Store left under 137 at quorum.',
      command: 'put 137 left quorum',
      check: all(wasRefused('QUORUM'), hold(['n2'], 'start')),
    },
    {
      tell: 'ONE asks for no more than n2 itself.',
      task: 'Store left under 137 at one.',
      command: 'put 137 left one',
      check: all(hold(['n2'], 'left'), hold(['n3', 'n0'], 'start')),
      after: 'Acknowledged, on the disk of n2, and known to nobody else.',
    },
    {
      tell: 'Now go to the other side, where n3 and n0 are two of three.',
      task: 'Type: connect n0',
      command: 'connect n0',
      check: shown(() => ['beside n0']),
    },
    {
      tell: '',
      question: {
        ask: 'You write at QUORUM beside n0. Stored or refused?',
        options: ['stored', 'refused'],
        expected: 'stored',
        reality: refusedOrStored,
      },
      task: 'Store right under 137 at quorum.',
      command: 'put 137 right quorum',
      check: all(hold(['n3', 'n0'], 'right'), hold(['n2'], 'left')),
      after: `At QUORUM only the side with most owners goes on: the two sides cannot both have acknowledged something at
QUORUM. At ONE both sides went on, and now hold different values.`,
    },
    {
      tell: 'Put the cable back. Each side has kept hints for the other.',
      question: {
        ask: 'Which of the two will all owners hold in the end?',
        options: ['left', 'right'],
        expected: 'right',
        reality: async ({ facts }) => (await facts.copy('n2', '137')) ?? 'nothing',
      },
      task: 'Type: heal',
      command: 'heal',
      check: all(agree, noHints('n2'), noHints('n0'), noHints('n3')),
      limitMs: 30_000,
      after: `The later version won on all owners. left was acknowledged and is gone all the same: it was overwritten by a
write that had never seen it. Without compare-and-set that is what "the last write wins" means.`,
    },
    {
      tell: '',
      task: 'Look at key 137 on all its owners.',
      command: 'inspect key 137',
      check: all(
        agree,
        shown(() => ['right', 'in sync']),
      ),
    },
  ],
  end: 'In a partition you choose by request: QUORUM goes on where most owners are, ONE everywhere.',
};
