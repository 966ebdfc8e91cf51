import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { lastWords } from '../../src/emulator/last-words.js';
import { tempDir } from '../support/emulator.js';

describe('the last words of a process', () => {
  for (const [what, log, words] of [
    [
      'a fatal line before anything that came later',
      "[1] 2026/01/01 10:00:00.1 [FTL] Can't start JetStream: no space left\n[1] 2026/01/01 10:00:00.2 [INF] Exiting\n",
      "Can't start JetStream: no space left",
    ],
    [
      'an error when nothing was fatal',
      '[1] 2026/01/01 10:00:00.1 [ERR] broken\n[1] d t [INF] bye\n',
      'broken',
    ],
    ['the message of a JSON log line', '{"level":30,"msg":"a"}\n{"level":50,"msg":"log lost"}\n', 'log lost'],
    [
      'a line of the command itself',
      'noise\ndynats: /n0/node.json: node is missing\n',
      '/n0/node.json: node is missing',
    ],
    ['the last line otherwise', 'one\ntwo\n\n', 'two'],
    ['nothing when nothing was written', '', undefined],
  ] as const)
    test(`are ${what}`, async t => {
      const file = `${await tempDir(t)}/log`;
      writeFileSync(file, log);
      assert.equal(lastWords(file, 0), words);
    });

  test('are those of this start, not of an earlier one', async t => {
    const file = `${await tempDir(t)}/log`;
    const before = '[1] 2026/01/01 10:00:00.1 [FTL] an old failure\n';
    writeFileSync(file, `${before}[2] 2026/01/01 10:00:00.1 [INF] Starting\n`);
    assert.equal(lastWords(file, before.length), 'Starting');
  });
});
