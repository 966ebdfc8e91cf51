import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatSize, parseBytes } from '../../src/cli/size.js';

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

test('sizes are written as short as they can be, and are read back as the same', () => {
  const table: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [100_000, '100000 B'],
    [256 * 1024 ** 2, '256 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
  ];
  for (const [bytes, text] of table) {
    assert.equal(formatBytes(bytes), text);
    assert.equal(parseBytes(text), bytes);
  }
});

test('a measured size is as exact as a person cares', () => {
  const table: [number, string][] = [
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1200, '1.2 KiB'],
    [100_000, '98 KiB'],
    [5_819_203, '5.5 MiB'],
    [2 ** 50, '1024 TiB'],
  ];
  for (const [bytes, text] of table) assert.equal(formatSize(bytes), text);
});
