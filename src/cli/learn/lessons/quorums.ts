// Lesson: how many owners must have done it, and what that is worth when one dies.
import { all, down, hold, refusedOrStored, up, wasRead, wasRefused } from '../checks.js';
import type { Lesson } from '../lesson.js';

export const quorums: Lesson = {
  title: 'ONE, QUORUM, ALL: who must have answered',
  intro: `Each request says how many owners must have done it before it is answered. ONE is the fastest, ALL waits
for all three, QUORUM for two. Two writers of three and two readers of three always share an owner: that is why a
QUORUM read sees the last QUORUM write.`,
  steps: [
    {
      tell: 'The write goes to all owners that are up, whatever the level. The level only says how many acks to wait for.',
      task: 'Type: put 137 first quorum',
      command: 'put 137 first quorum',
      check: hold(['n2', 'n3', 'n0'], 'first'),
      after: 'Two acks were waited for. The third owner has it as well, a moment later.',
    },
    {
      tell: 'Now kill one of the owners, with kill -9: its replica, its log and its server.',
      task: 'Type: kill n2',
      command: 'kill n2',
      check: down('n2'),
    },
    {
      tell: 'Two owners are left, n3 and n0.',
      question: {
        ask: 'You write at QUORUM now. Will it be stored or refused?',
        options: ['stored', 'refused'],
        expected: 'stored',
        reality: refusedOrStored,
      },
      task: 'Store second under 137 at quorum.',
      command: 'put 137 second quorum',
      check: hold(['n3', 'n0'], 'second'),
      after: 'Nothing paused, and nobody was elected: there is no leader to lose.',
    },
    {
      tell: 'And at ALL?',
      question: {
        ask: 'You write at ALL now. Will it be stored or refused?',
        options: ['stored', 'refused'],
        expected: 'refused',
        reality: refusedOrStored,
      },
      task: 'Store third under 137 at all.',
      command: 'put 137 third all',
      check: all(wasRefused('ALL'), hold(['n3', 'n0'], 'second')),
      after: `UNAVAILABLE is decided before anything is sent: n3 and n0 still hold second. A refused write has no effect,
and you may just try again.`,
    },
    {
      tell: 'Reads have levels too.',
      task: 'Read 137 at quorum. Type: get 137 quorum',
      command: 'get 137 quorum',
      check: wasRead('QUORUM'),
    },
    {
      tell: 'Bring n2 back.',
      task: 'Type: restart n2',
      command: 'restart n2',
      check: all(up('n2'), hold(['n2'], 'second')),
      limitMs: 15_000,
      after:
        'It reads its own log first. But it was dead while second was written: how did it get that? Next lesson.',
    },
  ],
  end: 'QUORUM on both sides goes on with one owner of three dead. ALL does not; ONE does with two dead.',
};
