// Restoring one record: never over something newer, never what was deleted since, and the same again on a further run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/backup/decide.js';

const moment = { now: 10_000, base: 9000 };
const writer = 'restore~abc';
const record = { key: 'k', value: 'v', version: '5000@w' };
const tombstone = { key: 'k', deleted: true, version: '5000@w' } as const;

const table: [what: string, ...Parameters<typeof decide>, expected: string][] = [
  ['nothing is there', record, undefined, writer, moment, 'restore 9000'],
  ['recent: its own time', { ...record, version: '9500@w' }, undefined, writer, moment, 'restore 9500'],
  ['from a clock ahead', { ...record, version: '20000@w' }, undefined, writer, moment, 'restore 9000'],
  ['the same version is there', record, { version: '5000@w' }, writer, moment, 'already'],
  ['it was restored before', record, { version: '8000@restore~abc' }, writer, moment, 'already'],
  ['a newer write is there', record, { version: '5001@w' }, writer, moment, 'newer'],
  ['it was deleted since', record, { version: '5001@w', deleted: true }, writer, moment, 'newer'],
  ['its own version was deleted', record, { version: '5000@w', deleted: true }, writer, moment, 'newer'],
  ['another backup was restored', record, { version: '8000@restore~xyz' }, writer, moment, 'newer'],
  ['an older write is there', record, { version: '4999@w' }, writer, moment, 'restore 9000'],
  ['an older delete is there', record, { version: '4999@w', deleted: true }, writer, moment, 'restore 9000'],
  ['its life is over', { ...record, expiresAt: 9999 }, undefined, writer, moment, 'expired'],
  ['it still lives', { ...record, expiresAt: 10_001 }, undefined, writer, moment, 'restore 9000'],
  ['a delete, nothing there', tombstone, undefined, writer, moment, 'nothing'],
  ['a delete, an older write there', tombstone, { version: '4999@w' }, writer, moment, 'delete 9000'],
  [
    'a delete, an older one there',
    tombstone,
    { version: '4999@w', deleted: true },
    writer,
    moment,
    'nothing',
  ],
  ['a delete, a newer write there', tombstone, { version: '5001@w' }, writer, moment, 'newer'],
  ['a delete of the version there', tombstone, { version: '5000@a' }, writer, moment, 'delete 9000'],
];

for (const [what, backedUp, held, by, at, expected] of table)
  test(`${what}: ${expected}`, () => {
    const step = decide(backedUp, held, by, at);
    assert.equal('time' in step ? `${step.do} ${step.time}` : step.do, expected);
  });
