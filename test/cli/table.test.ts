import assert from 'node:assert/strict';
import { test } from 'node:test';
import pc from 'picocolors';
import { drawTable } from '../../src/cli/table.js';

const colors = pc.createColors(false);
const table = {
  head: ['node', 'broker', 'note'],
  rows: [
    ['n0', 'log-n0 2.15.1', ''],
    ['n1', 'log-n1 2.15.1', 'peers remember another log of this node'],
  ],
  spare: ['broker'],
};
const widest = (text: string) => Math.max(...text.split('\n').map(line => [...line].length));

test('a table has lines where there is room, and gives them up before it gives up a column', () => {
  const roomy = drawTable(table, { colors, columns: 80 });
  assert.match(roomy, /^┌/);
  const narrow = drawTable(table, { colors, columns: widest(roomy) - 1 });
  assert.deepEqual(narrow.split('\n').slice(0, 2), ['node  broker         note', 'n0    log-n0 2.15.1']);
});

test('a narrow terminal does without the columns that are spare, then wraps the widest', () => {
  const spared = drawTable(table, { colors, columns: 50 });
  assert.doesNotMatch(spared, /broker/);
  const wrapped = drawTable(table, { colors, columns: 30 });
  assert.ok(widest(wrapped) <= 30, wrapped);
  assert.match(wrapped, /peers remember another\n\s+log of this node/);
});

test('wide characters count twice', () => {
  const wide = { head: ['key'], rows: [['東京'.repeat(5)]] };
  assert.match(drawTable(wide, { colors, columns: 24 }), /^┌/);
  assert.doesNotMatch(drawTable(wide, { colors, columns: 23 }), /┌/);
});
