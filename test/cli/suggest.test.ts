import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, nearest } from '../../src/cli/suggest.js';

test('a slip of the hand is recognised, and nothing that is another word', () => {
  const levels = ['one', 'two', 'quorum', 'each_quorum', 'all'];
  const table: [string, string | undefined][] = [
    ['quorm', 'quorum'],
    ['QUROUM', 'quorum'],
    ['quo', 'quorum'],
    ['oen', 'one'],
    ['each', 'each_quorum'],
    ['xyz', undefined],
    ['on', 'one'],
    ['ax', undefined],
    ['three', undefined],
    ['', undefined],
  ];
  for (const [word, found] of table) assert.equal(nearest(word, levels), found, word);
  assert.equal(didYouMean('al', levels), '; did you mean all?');
  assert.equal(didYouMean('loud', levels), '');
});
