import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableCells, recordJson } from '../../../src/cli/inspect/rows.js';

const at = Date.parse('2026-11-22T10:14:07.601Z') * 1000;
const record = { bucket: 'default', key: 'k', value: 'v', time: at, writer: 'w' };

test('a copy that expires says until when it lives, for people and for programs', () => {
  const mortal = { ...record, expiresAt: at + 60_000_000 };
  assert.equal(readableCells('n0', mortal)[2], 'v (lives until 2026-11-22 10:15:07)');
  assert.equal(readableCells('n0', record)[2], 'v');
  assert.equal(recordJson('n0', mortal)['expiresAt'], mortal.expiresAt);
  assert.ok(!('expiresAt' in recordJson('n0', record)));
});
