import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete } from '../../../src/cli/console/complete.js';
import { parseStatement, type Statement } from '../../../src/cli/console/statement.js';
import { wordsOf } from '../../../src/cli/console/words.js';
import { CliError } from '../../../src/cli/exit.js';

test('a line is split into words; a quote counts at the start of a word only', () => {
  const table: [string, string[]][] = [
    ['', []],
    ['  get   137\t', ['get', '137']],
    ['put 1 "two words" one', ['put', '1', 'two words', 'one']],
    ['put 1 \'a "b" \\n\'', ['put', '1', 'a "b" \\n']],
    ['put 1 "a\\n\\"b\\" \\\\"', ['put', '1', 'a\n"b" \\']],
    ['put 1 {"a":1}', ['put', '1', '{"a":1}']],
    ['put 1 ""', ['put', '1', '']],
    ["put 1 it's", ['put', '1', "it's"]],
    ['put 1 C:\\new', ['put', '1', 'C:\\new']],
  ];
  for (const [line, words] of table) assert.deepEqual(wordsOf(line), words, line);
});

test('a quote that is not closed, or closed within a word, is refused', () => {
  for (const line of ['put 1 "a', "put 1 'a", 'put 1 "a\\"', 'put 1 "a"b'])
    assert.throws(() => wordsOf(line), CliError, line);
});

test('statements are read in any case', () => {
  const table: [string, Statement | undefined][] = [
    ['put 137 value137 quorum', { verb: 'put', key: '137', value: 'value137', level: 'QUORUM' }],
    ['PUT k v', { verb: 'put', key: 'k', value: 'v', level: undefined }],
    ['put k v any', { verb: 'put', key: 'k', value: 'v', level: 'ANY' }],
    ['get 137 Quorum', { verb: 'get', key: '137', level: 'QUORUM' }],
    ['del 137', { verb: 'del', key: '137', level: undefined }],
    ['delete 137 all', { verb: 'del', key: '137', level: 'ALL' }],
    ['CONSISTENCY', { verb: 'consistency', level: undefined }],
    ['consistency one', { verb: 'consistency', level: 'ONE' }],
    ['via n2', { verb: 'via', node: 'n2' }],
    ['via any', { verb: 'via', node: undefined }],
    ['TRACING ON', { verb: 'tracing', isOn: true }],
    ['tracing off', { verb: 'tracing', isOn: false }],
    ['tracing', { verb: 'tracing', isOn: undefined }],
    ['session', { verb: 'session', memory: undefined }],
    ['SESSION off', { verb: 'session', memory: 'off' }],
    ['inspect', { verb: 'inspect', node: undefined, key: undefined }],
    ['inspect n0', { verb: 'inspect', node: 'n0', key: undefined }],
    ['inspect key 137', { verb: 'inspect', node: undefined, key: '137' }],
    ['kill n1', { verb: 'kill', node: 'n1', part: undefined }],
    ['kill n1 replica', { verb: 'kill', node: 'n1', part: 'replica' }],
    ['restart n1', { verb: 'restart', node: 'n1', part: undefined }],
    ['status', { verb: 'status' }],
    ['quit', { verb: 'exit' }],
    ['', undefined],
    ['# a comment "', undefined],
    ['get __proto__', { verb: 'get', key: '__proto__', level: undefined }],
  ];
  for (const [line, statement] of table) assert.deepEqual(parseStatement(line), statement, line);
});

test('a statement that is wrong says how it is used', () => {
  const table: [string, RegExp][] = [
    ['session what', /usage: session \[new \| off \| <token>\]; a token is what session/],
    ['frobnicate', /unknown verb "frobnicate"/],
    ['constructor', /unknown verb/],
    ['put 137', /usage: put <key> <value> \[level\]/],
    ['put 137 two words one', /a value with spaces needs quotes/],
    ['put 137 two words', /level "words" is none of/],
    ['get', /usage: get/],
    ['get 1 any', /level any is for writes/],
    ['consistency loud', /level "loud" is none of/],
    ['inspect key', /usage: inspect/],
    ['kill n1 everything', /usage: kill/],
    ['exit now', /usage: exit/],
  ];
  for (const [line, message] of table) assert.throws(() => parseStatement(line), message, line);
});

test('Tab completes verbs, then levels and nodes where they belong', () => {
  const nodes = ['n0', 'n1'];
  const table: [string, string[]][] = [
    ['re', ['resume ', 'restart ']],
    ['get 137 q', ['quorum ']],
    ['get 137 a', ['all ']],
    ['put 137 v a', ['any ', 'all ']],
    ['put 137 ', []],
    ['kill ', ['n0 ', 'n1 ']],
    ['via a', ['any ']],
    ['inspect k', ['key ']],
    ['CONS', ['consistency ']],
    ['nonsense ', []],
  ];
  for (const [line, candidates] of table) assert.deepEqual(complete(line, nodes)[0], candidates, line);
});
