import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDurationMs } from '../../src/cli/duration.js';

test('durations are read as Go writes them', () => {
  const table: [string, number | undefined][] = [
    ['500ms', 500],
    ['2s', 2000],
    ['1m', 60_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1500us', 1.5],
    ['0', 0],
    ['', undefined],
    ['5', undefined],
    ['5 s', undefined],
    ['s', undefined],
    ['2s!', undefined],
    ['-2s', undefined],
    ['2d', undefined],
    ['1e3s', undefined],
  ];
  for (const [text, ms] of table) assert.equal(parseDurationMs(text), ms, JSON.stringify(text));
});

test('durations are written in the unit a person would choose', () => {
  assert.equal(formatDuration(850), '850 ms');
  assert.equal(formatDuration(12_340), '12.3 s');
  assert.equal(formatDuration(245_000), '4 min 05 s');
});
