import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, parseBytes } from '../../src/cli/size.js';

test('sizes are read as people write them', () => {
  const table: [string, number | undefined][] = [
    ['1024', 1024],
    ['1 KiB', 1024],
    ['64MiB', 64 * 1024 ** 2],
    ['64mb', 64 * 1024 ** 2],
    ['1.5G', 1.5 * 1024 ** 3],
    ['12b', 12],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['99999999TiB', undefined],
  ];
  for (const [text, bytes] of table) assert.equal(parseBytes(text), bytes, text);
});

test('sizes are written as short as they can be typed, and mean the same', () => {
  const table: [number, string][] = [
    [0, '0B'],
    [1023, '1023B'],
    [1536, '1.5KiB'],
    [100_000, '100000B'],
    [256 * 1024 ** 2, '256MiB'],
    [1.5 * 1024 ** 3, '1.5GiB'],
  ];
  for (const [bytes, text] of table) {
    assert.equal(formatBytes(bytes), text);
    assert.equal(parseBytes(text), bytes);
  }
});
