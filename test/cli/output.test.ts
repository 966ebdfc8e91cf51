import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import {
  colorsFor,
  jsonLine,
  printTable,
  tabSeparated,
  visible,
  visibleLines,
} from '../../src/cli/output.js';
import { shown, textOrBytes } from '../../src/cli/value.js';

test('nothing that a terminal would obey is left in what is shown', () => {
  const table: [string, string][] = [
    ['plain', 'plain'],
    ['naïve 東京 🐟', 'naïve 東京 🐟'],
    ['a\u001b[31mred', 'a\\x1b[31mred'],
    ['\u009b2J', '\\x9b2J'],
    ['bell\u0007\u0000', 'bell\\x07\\x00'],
    ['two\nlines\r\tx', 'two\\nlines\\r\\tx'],
    ['abc\u202ecba', 'abc\\u{202e}cba'],
    ['lone\ud800', 'lone\\u{d800}'],
    ['\u007f', '\\x7f'],
  ];
  for (const [text, expected] of table) assert.equal(visible(text), expected);
});

test('JSON is the same JSON, with nothing in it that a terminal would obey', () => {
  const value = { key: 'a\u001b[31m\u009b2J\u007f\u202e\u2028\n"\\', text: 'naïve 東京 🐟' };
  const line = jsonLine(value);
  assert.deepEqual(JSON.parse(line), value);
  assert.equal(visible(line), line);
  assert.match(line, /naïve 東京 🐟/);
});

test('a value on its own keeps its lines and tabs, and nothing else', () => {
  assert.equal(visibleLines('a\n\tb\u001b]0;title\u0007'), 'a\n\tb\\x1b]0;title\\x07');
});

test('bytes that are text are shown as text, others as base64', () => {
  assert.equal(shown({ base64: Buffer.from('héllo').toString('base64') }), 'héllo');
  assert.equal(shown({ base64: '/w==' }), '/w== (base64 of 1 bytes)');
  assert.equal(shown({ value: '' }), '');
});

test('bytes become text only when nothing of them is lost', () => {
  assert.equal(textOrBytes(Buffer.from('ok')), 'ok');
  assert.equal(textOrBytes(Buffer.from([0xef, 0xbb, 0xbf, 0x61])), '\ufeffa');
  assert.deepEqual(textOrBytes(Buffer.from([0xc3, 0x28])), Buffer.from([0xc3, 0x28]));
});

test('a row stays one line of tab-separated cells, whatever its cells hold', () => {
  assert.equal(tabSeparated({ head: ['a', 'b'], rows: [['x\ty', 'z\n']] }), 'a\tb\nx\\ty\tz\\n\n');
});

test('a table is drawn on a terminal only', async () => {
  const table = { head: ['node'], rows: [['n0']] };
  for (const isTTY of [false, true]) {
    const stream = Object.assign(new PassThrough(), { isTTY });
    await printTable(table, stream);
    assert.equal(String(stream.read()).includes('│'), isTTY);
  }
});

test('colours need a terminal and respect NO_COLOR and TERM=dumb', () => {
  assert.notEqual(colorsFor({ isTTY: true }, {}).red('x'), 'x');
  assert.equal(colorsFor({}, { CI: '1' }).red('x'), 'x');
  assert.equal(colorsFor({ isTTY: true }, { NO_COLOR: '1' }).red('x'), 'x');
  assert.equal(colorsFor({ isTTY: true }, { TERM: 'dumb' }).red('x'), 'x');
});
