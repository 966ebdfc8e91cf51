// What `dynats tap` makes of the messages it hears.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pc from 'picocolors';
import { type TapEvent, TapEvents } from '../../../src/cli/tap/events.js';
import { lineOf } from '../../../src/cli/tap/lines.js';
import type { WireRecord } from '../../../src/wire/generated/types.js';
import { encodeEntry, encodeRecord } from '../../../src/wire/log-entry.js';

const plain = pc.createColors(false);
const at = 1_795_342_443_898;

function record(more: Partial<WireRecord> = {}): WireRecord {
  return { bucket: 'default', key: '137', value: 'v', time: at * 1000, writer: 'n2~1fycm8w1', ...more };
}

const entry = (sequence: number, ...records: WireRecord[]) => ({
  sequence,
  data: encodeEntry(records.map(encodeRecord)),
});

const kindsOf = (events: readonly TapEvent[]) => events.map(({ kind }) => kind);

test('copies of a version are counted over the logs that store it, and one stored again is no copy', () => {
  const tap = new TapEvents();
  const heard = [
    ...tap.ofEntry('n2', entry(1, record()), at),
    ...tap.ofEntry('n3', entry(1, record()), at + 2000),
    ...tap.ofEntry('n3', entry(2, record()), at + 3000),
    ...tap.ofEntry('n3', entry(3, record({ value: 'w', time: at * 1000 + 1 })), at),
  ];
  const seen = heard.map(event => event.kind === 'record' && [event.copy, event.isAgain, event.afterMs]);
  assert.deepEqual(seen, [
    [1, false, 0],
    [2, false, 2000],
    [2, true, 3000],
    [1, false, 0],
  ]);
});

test('entries that did not come are told, and a log that begins anew is not taken for a gap', () => {
  const tap = new TapEvents();
  assert.deepEqual(kindsOf(tap.ofEntry('n0', entry(7, record()), at)), ['record']);
  const [missed] = tap.ofEntry('n0', entry(10, record()), at);
  assert.ok(missed?.kind === 'missed');
  assert.equal(missed.entries, 2);
  assert.deepEqual(kindsOf(tap.ofEntry('n0', entry(1, record()), at)), ['record']);
});

test('what is no sound entry is told with the reason, and never thrown', () => {
  const tap = new TapEvents();
  const { data } = entry(1, record());
  const spoilt = Uint8Array.from(data);
  spoilt[data.length - 5] = 120;
  for (const bytes of [spoilt, Buffer.from('{}'), new Uint8Array(0)])
    assert.deepEqual(kindsOf(tap.ofEntry('n0', { sequence: 1, data: bytes }, at)), ['bad']);
});

test('hints are told when they change, and when the last one is gone', () => {
  const tap = new TapEvents();
  const changes = (held: Record<string, number>) =>
    tap
      .ofHints('n1', held, at)
      .map(event => event.kind === 'hints' && [event.target, event.entries, event.change]);
  assert.deepEqual(changes({ n2: 3 }), [['n2', 3, 3]]);
  assert.deepEqual(changes({ n2: 3 }), []);
  assert.deepEqual(changes({ n2: 1, n3: 4 }), [
    ['n2', 1, -2],
    ['n3', 4, 4],
  ]);
  assert.deepEqual(changes({ n3: 4 }), [['n2', 0, -1]]);
});

test('a line has nothing in it that a terminal would obey, and the bucket without its life', () => {
  const tap = new TapEvents();
  const [event] = tap.ofEntry(
    'n0',
    entry(5, record({ bucket: 'orders~2', key: 'a\u001b[2Jb', value: 'x\ny' })),
    at,
  );
  assert.ok(event !== undefined);
  const line = lineOf(event, plain);
  assert.doesNotMatch(line, /[\u0000-\u001f]/);
  assert.match(line, /n0 {3}#5 PUT orders > a\\x1b\[2Jb = x\\ny .*@n2~1fycm8w1, copy 1$/);
  // Whoever may publish where logs tell what they stored may name any node.
  for (const forged of tap.ofEntry('\u001b]0;title\u0007', { sequence: 1, data: Buffer.from('x') }, at))
    assert.doesNotMatch(lineOf(forged, plain), /[\u0000-\u001f]/);
});

test('what came long after its version says so', () => {
  const tap = new TapEvents();
  const deleted: WireRecord = { bucket: 'default', key: '137', deleted: true, time: at * 1000, writer: 'w' };
  const [event] = tap.ofEntry('n0', entry(5, deleted), at + 65_000);
  assert.match(
    lineOf(event ?? assert.fail(), plain),
    /DEL default > 137 \S+@w, copy 1, 65s after its version$/,
  );
});
