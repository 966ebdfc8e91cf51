import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cuts } from '../../src/emulator/cuts.js';
import { linkNames } from '../../src/emulator/link-names.js';

/** A network that notes what it is told. */
function noted() {
  const told: string[] = [];
  const network = {
    open: () => Promise.reject(new Error('not asked for')),
    cut: (from: string, to: string) => void told.push(`cut ${from} ${to}`),
    mend: (from: string, to: string) => void told.push(`mend ${from} ${to}`),
    close: () => void told.push('close'),
  };
  return { told, cuts: new Cuts(['n0', 'n1', 'n2'], network) };
}

test('a link is cut both ways or one way, and only what is cut is healed', () => {
  const { told, cuts } = noted();
  assert.deepEqual(linkNames(cuts.cut('n0', { others: ['n1'] })), ['n0 – n1']);
  assert.deepEqual(linkNames(cuts.cut('n0', { others: ['n2'], isOneWay: true })), ['n0 → n2']);
  // The rest of what was cut before: the other direction only.
  assert.deepEqual(linkNames(cuts.cut('n0', {})), ['n2 → n0']);
  assert.deepEqual(linkNames(cuts.list()), ['n0 – n1', 'n0 – n2']);
  assert.deepEqual(linkNames(cuts.heal('n2')), ['n2 – n0']);
  assert.deepEqual(linkNames(cuts.heal(undefined)), ['n0 – n1']);
  assert.deepEqual(cuts.list(), []);
  assert.deepEqual(told.slice(0, 3), ['cut n0 n1', 'cut n1 n0', 'cut n0 n2']);
  assert.equal(told.filter(line => line.startsWith('mend')).length, 4);
});

test('what cannot be cut or healed is said, and nothing is done', () => {
  const { told, cuts } = noted();
  const refused: [() => unknown, RegExp][] = [
    [() => cuts.cut('n9', {}), /there is no node n9: the nodes are n0, n1, n2/],
    [() => cuts.cut('n0', { others: ['n9'] }), /there is no node n9/],
    [() => cuts.cut('n0', { others: ['n0'] }), /no link to itself/],
    [() => cuts.heal(undefined), /no link is cut/],
    [() => cuts.heal('n0', ['n1']), /none of the links that you name is cut/],
    [() => new Cuts(['n0', 'n1'], undefined).cut('n0', {}), /start it with dynats up --links/],
  ];
  for (const [call, message] of refused) assert.throws(call, message);
  cuts.cut('n0', { others: ['n1'] });
  assert.throws(() => cuts.cut('n1', { others: ['n0'] }), /cut already/);
  assert.deepEqual(told, ['cut n0 n1', 'cut n1 n0']);
});
