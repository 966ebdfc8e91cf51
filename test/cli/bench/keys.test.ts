// Which keys the load is for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooser, Distribution } from '../../../src/cli/bench/keys.js';

const draws = 20_000;

function shares(distribution: Distribution, count: number): number[] {
  const next = chooser(distribution, count);
  const drawn = new Map<number, number>();
  for (let i = 0; i < draws; i++) {
    const index = next();
    assert.ok(Number.isInteger(index) && index >= 0 && index < count, `${index} of ${count}`);
    drawn.set(index, (drawn.get(index) ?? 0) + 1 / draws);
  }
  return [...drawn.values()].sort((a, b) => b - a);
}

test('uniform draws favour no key', () => {
  const [most = 0] = shares(Distribution.Uniform, 10);
  assert.ok(most < 0.15, `${most}`);
});

test('of a million keys the most popular zipfian one is drawn six times in a hundred', () => {
  const [most = 0, second = 0] = shares(Distribution.Zipfian, 1_000_000);
  assert.ok(most > 0.05 && most < 0.08, `${most}`);
  assert.ok(second > most / 3 && second < most, `${second}`);
});

test('a single key is the only one drawn', () => {
  for (const distribution of Object.values(Distribution)) assert.equal(shares(distribution, 1).length, 1);
});
