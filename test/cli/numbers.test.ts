// Counts, durations and sizes as flags take them, and what is said of wrong ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExitCode } from '../../src/cli/exit.js';
import { parseCount, parseDuration, parseSize } from '../../src/cli/numbers.js';

function refusal(parse: () => number): string {
  try {
    return String(parse());
  } catch (error) {
    assert.ok(error instanceof Error && 'exitCode' in error);
    assert.equal(error.exitCode, ExitCode.Usage);
    return error.message;
  }
}

test('durations are read with their unit only, and a wrong one is told how', () => {
  const range = { min: 1, max: 600_000 };
  const table: [string, string][] = [
    ['500ms', '500'],
    ['1h30m', '--t 1h30m is over the limit of 10m'],
    ['0s', '--t 0s is under the limit of 1ms'],
    ['5', '--t "5" is no duration: name its unit, as 5s or 5ms'],
    ['5 minutes', '--t "5 minutes" is no duration: write 500ms, 2s, 5m or 1h30m'],
    ['-2s', '--t "-2s" is no duration: write 500ms, 2s, 5m or 1h30m'],
  ];
  for (const [text, said] of table)
    assert.equal(
      refusal(() => parseDuration(text, '--t', range)),
      said,
    );
  assert.equal(parseDuration('1h30m', '--t'), 5_400_000);
});

test('sizes are read with a unit or as bytes, and a wrong one is told how', () => {
  const range = { min: 64, max: 512 * 1024 };
  const table: [string, string][] = [
    ['64KiB', '65536'],
    ['1 MiB', '--s 1 MiB is over the limit of 512 KiB'],
    ['1B', '--s 1B is under the limit of 64 B'],
    ['a lot', '--s "a lot" is no size: write 100B, 64KiB, 1.5MiB or 2GiB'],
  ];
  for (const [text, said] of table)
    assert.equal(
      refusal(() => parseSize(text, '--s', range)),
      said,
    );
});

test('counts are whole', () => {
  assert.equal(
    refusal(() => parseCount('0', '--n', 9)),
    '--n "0" is no whole number of 1 to 9',
  );
  assert.equal(
    refusal(() => parseCount('9', '--n', 9)),
    '9',
  );
});
