// Lesson: a read at ONE that is older than what was written.
import { all, down, hinted, hold, shown, up, valueRead, wasRead } from '../checks.js';
import type { Lesson } from '../lesson.js';

export const staleRead: Lesson = {
  title: 'A stale read at ONE',
  intro: `ONE asks a single owner and believes it. That is fast, and it is old when that owner has missed something.
Hints are usually too quick for you to see it. So have them wait.`,
  steps: [
    {
      tell: 'This is a command of the shell. Those that show or change data and nodes work here too.',
      task: 'Type: dynats hints pause n2',
      command: 'dynats hints pause n2',
      check: async ({ facts }) =>
        (await facts.isPausedFor('n2')) ? undefined : 'hints for n2 are not paused',
    },
    {
      tell: 'Now let n2 miss a write, as before.',
      task: 'Kill n2.',
      command: 'kill n2',
      check: down('n2'),
    },
    {
      tell: '',
      task: 'Store newer under 137 at quorum.',
      command: 'put 137 newer quorum',
      check: all(hold(['n3', 'n0'], 'newer'), hinted('n2')),
    },
    {
      tell: '',
      task: 'Restart n2.',
      command: 'restart n2',
      check: all(up('n2'), hold(['n2'], 'start'), hinted('n2')),
      limitMs: 15_000,
      after: 'n2 serves again with what its own log has, and that is start. The hint waits on n1.',
    },
    {
      tell: `A console remembers what you wrote and would not show you less: it is a session (lesson 7). Another program
knows nothing of that. So be another program.`,
      task: 'Type: session off',
      command: 'session off',
      check: shown(() => ['No session']),
    },
    {
      tell: 'A node that owns the key and is asked at ONE asks itself.',
      task: 'Let n2 coordinate from now on. Type: via n2',
      command: 'via n2',
      check: shown(() => ['n2']),
    },
    {
      tell: 'newer was acknowledged by two owners, just now.',
      question: {
        ask: 'What will a read at ONE through n2 answer?',
        options: ['start', 'newer'],
        expected: 'start',
        reality: valueRead,
      },
      task: 'Type: get 137 one',
      command: 'get 137 one',
      check: all(wasRead('ONE', 'n2'), hold(['n2'], 'start')),
      after: `A stale read. Nothing is broken: ONE with QUORUM is not promised more than that owners agree in the end.
And a read at ONE mends nothing, so it would stay like this until the hint comes.`,
    },
    {
      tell: 'Ask the same node at QUORUM: it has to ask one other owner too.',
      question: {
        ask: 'What will a read at QUORUM through n2 answer?',
        options: ['start', 'newer'],
        expected: 'newer',
        reality: valueRead,
      },
      task: 'Read 137 at quorum.',
      command: 'get 137 quorum',
      check: wasRead('QUORUM', 'n2'),
      after: 'Two of three readers, two of three writers: they share an owner, and the newest version wins.',
    },
  ],
  end: 'Choose ONE where old is good enough, and QUORUM on both sides where it is not.',
};
