// Lesson: where a key lives.
import { hold, shown } from '../checks.js';
import type { Lesson } from '../lesson.js';

export const ring: Lesson = {
  title: 'The ring, and who owns a key',
  intro: `Four nodes, n0 to n3, and none of them leads. Each key has a place on a ring of 256. Here a key that is a
number is its own place. n0's range begins at 0, n1's at 64, n2's at 128, n3's at 192. A key belongs to three nodes, its
owners: the one in whose range it lies, and the next two around the ring.`,
  steps: [
    {
      tell: 'First look at who is there. U is up, N is normal.',
      task: 'Type: status',
      command: 'status',
      check: shown(({ facts }) => facts.nodes),
    },
    {
      tell: `Key 137 lies in the range of n2. So its owners are n2 and the two behind it, n3 and n0; n1 has nothing to do
with it. The walk has stored a value there.`,
      task: 'See what each owner holds. Type: inspect key 137',
      command: 'inspect key 137',
      check: shown(({ facts }) => facts.owners('137')),
      after: `All three hold the same version of the same value. A version is a time and the name of who wrote; the newer
one wins, everywhere, so that owners which know the same records agree.`,
    },
    {
      tell: 'Now key 200, which nobody has written yet.',
      question: {
        ask: 'Which nodes own key 200?',
        options: ['n0 n1 n2', 'n2 n3 n0', 'n3 n0 n1'],
        expected: 'n3 n0 n1',
        reality: async ({ facts }) => facts.owners('200').join(' '),
      },
      task: 'Ask the cluster about key 200, as you did about 137.',
      command: 'inspect key 200',
      check: shown(({ facts }) => ['200', ...facts.owners('200')]),
    },
    {
      tell: 'Any node takes any request and passes it on to the owners: it is the coordinator of that request.',
      task: 'Have n2 store a value under 200, which it does not own. Type: via n2',
      command: 'via n2',
      check: shown(() => ['n2']),
    },
    {
      tell: '',
      task: 'Now type: put 200 hello all',
      command: 'put 200 hello all',
      check: async seen => {
        const missing = await hold(seen.facts.owners('200'), 'hello', '200')(seen);
        const stray = await seen.facts.copy('n2', '200');
        return missing ?? (stray === undefined ? undefined : 'n2 holds it too');
      },
      after: 'n3, n0 and n1 have it in their logs on disk. n2 passed it on and kept nothing.',
    },
  ],
  end: 'So: a key has three owners, and whoever you ask finds them.',
};
