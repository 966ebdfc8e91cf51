// Lesson: read your writes at ONE.
import { all, hinted, hold, shown, up, valueRead, wasRead } from '../checks.js';
import type { Lesson } from '../lesson.js';

export const sessions: Lesson = {
  title: 'Sessions: read your writes at ONE',
  intro: `Between ONE, which may be stale, and QUORUM, which asks more owners, there is a session. It is a token that
the client carries: the newest version it has seen of each key. A node keeps nothing of it. An answer that is older than
the token is not taken.`,
  setup: ['dynats hints pause n2', 'kill n2'],
  steps: [
    {
      tell: 'n2 is dead, and hints for it wait, so that it stays behind when it is back.',
      task: 'Type: session new',
      command: 'session new',
      check: shown(() => ['session']),
    },
    {
      tell: '',
      task: 'Store mine under 137 at one.',
      command: 'put 137 mine one',
      check: all(hold(['n3', 'n0'], 'mine'), hinted('n2')),
    },
    {
      tell: 'The token now has the version of mine.',
      task: 'Look at it. Type: session',
      command: 'session',
      check: shown(() => ['token is']),
    },
    {
      tell: '',
      task: 'Bring n2 back.',
      command: 'restart n2',
      check: all(up('n2'), hold(['n2'], 'start'), hinted('n2')),
      limitMs: 15_000,
    },
    {
      tell: 'n2 missed mine and holds start, as in lesson 4.',
      task: 'Let n2 coordinate.',
      command: 'via n2',
      check: shown(() => ['n2']),
    },
    {
      tell: 'In lesson 4, without a session, this answered the old value.',
      question: {
        ask: 'In your session, what will a read at ONE through n2 answer?',
        options: ['start', 'mine'],
        expected: 'mine',
        reality: valueRead,
      },
      task: 'Read 137 at one.',
      command: 'get 137 one',
      check: all(wasRead('ONE', 'n2'), hold(['n2'], 'start')),
      after:
        'n2 saw in the token that its own copy is too old, and asked another owner. Most of the time ONE is as cheap as ever.',
    },
    {
      tell: 'Leave the session.',
      task: 'Type: session off',
      command: 'session off',
      check: shown(() => ['No session']),
    },
    {
      tell: '',
      question: {
        ask: 'And now, at ONE through n2?',
        options: ['start', 'mine'],
        expected: 'start',
        reality: valueRead,
      },
      task: 'Read 137 at one again.',
      command: 'get 137 one',
      check: all(wasRead('ONE', 'n2'), hold(['n2'], 'start')),
    },
    {
      tell: `A token is text: another process goes on with your session. Below, the walk puts the token in where you
write TOKEN.`,
      question: {
        ask: 'What will that process read?',
        options: ['start', 'mine'],
        expected: 'mine',
        reality: valueRead,
      },
      task: 'Type: dynats get 137 --level one --via n2 --session TOKEN',
      command: 'dynats get 137 --level one --via n2 --session TOKEN',
      check: all(wasRead('ONE', 'n2'), hold(['n2'], 'start')),
      after:
        'A web server hands it to the browser in a cookie, and every server then shows its users what they wrote.',
    },
  ],
  end: 'In TypeScript: store.session(); on the wire: the field session of a request and of its reply.',
};
