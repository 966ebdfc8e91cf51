import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, formatElapsed, parseDurationMs } from '../../src/model/duration.js';

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

test('durations are written as short as they can be typed', () => {
  const table: [number, string][] = [
    [0, '0ms'],
    [500, '500ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [150_000, '2m30s'],
    [3_600_000, '1h'],
    [5_400_000, '1h30m'],
    [10_800_000, '3h'],
    [3_600_500, '1h0.5s'],
  ];
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text);
  assert.equal(formatDuration(-3_600_000), '-1h');
});

test('a duration that was printed is read back as the same', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e12 }), ms =>
      assert.equal(Math.round(parseDurationMs(formatDuration(ms)) ?? -1), ms),
    ),
  );
});

test('what was measured is written no finer than a person cares', () => {
  const table: [number, string][] = [
    [0.2, '1ms'],
    [850.4, '850ms'],
    [999.7, '1s'],
    [12_340, '12.3s'],
    [59_990, '1m'],
    [245_400, '4m5s'],
    [3_661_000, '1h1m1s'],
  ];
  for (const [ms, text] of table) assert.equal(formatElapsed(ms), text);
});
