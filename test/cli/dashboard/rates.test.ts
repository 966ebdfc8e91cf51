import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Look, pointOf, quantileMs } from '../../../src/cli/dashboard/rates.js';
import { itemOf, limitMsOf } from '../../../src/node/request-counts.js';
import type { RequestsReply } from '../../../src/wire/generated/types.js';

function reply(incarnation: number, latency: number[]): RequestsReply {
  const answered = latency.reduce((sum, count) => sum + count, 0);
  const counts = [{ kind: 'write' as const, level: 'QUORUM' as const, answered, failed: 1, latency }];
  return { node: 'n0', incarnation, counts, repairs: { acked: 2, failed: 0 }, samples: [] };
}

function look(at: number, requests: [string, RequestsReply][]): Look {
  return { at, statuses: new Map(), requests: new Map(requests) };
}

test('every time falls into the one item of the histogram whose limits hold it', () => {
  for (let ms = 0.001; ms < 20_000; ms *= 1.07) {
    const item = itemOf(ms);
    assert.ok(ms < limitMsOf(item), `${ms} below the limit of item ${item}`);
    assert.ok(item === 0 || ms >= limitMsOf(item - 1) * 0.999_999, `${ms} not below that of ${item - 1}`);
  }
  assert.equal(itemOf(1e9), 71);
});

test('a quantile is within the item where that request lies', () => {
  const items = Array.from({ length: 72 }, () => 0);
  for (let ms = 1; ms <= 100; ms++) items[itemOf(ms)] = (items[itemOf(ms)] ?? 0) + 1;
  for (const q of [0.5, 0.95, 0.99]) {
    const found = quantileMs(items, q);
    assert.ok(found > q * 100 * 0.84 && found < q * 100 * 1.19, `p${q * 100} is ${found}`);
  }
  assert.equal(quantileMs([], 0.5), 0);
});

test('rates are of the time between two looks', () => {
  const point = pointOf(look(1000, [['n0', reply(1, [0, 4])]]), look(3000, [['n0', reply(1, [0, 10, 4])]]));
  assert.equal(point.writes, 5);
  assert.deepEqual([point.reads, point.failed, point.readRepairs], [0, 0, 0]);
  const [{ answered, p50 } = { answered: 0, p50: 0 }] = point.latency;
  assert.equal(answered, 10);
  assert.ok(p50 > limitMsOf(0) && p50 <= limitMsOf(1), `${p50}`);
});

test('a node that started anew, or has only just been heard, makes no rate of its past', () => {
  const restarted = pointOf(look(0, [['n0', reply(1, [100])]]), look(1000, [['n0', reply(2, [3])]]));
  assert.equal(restarted.writes, 0);
  assert.deepEqual(restarted.latency, []);
  const fresh = pointOf(look(0, []), look(1000, [['n0', reply(1, [100])]]));
  assert.equal(fresh.writes, 0);
});
