// What is made of the measurements: medians, ratios, verdicts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../../bench/measurement.js';
import { chart } from '../../bench/report/chart.js';
import { slips } from '../../bench/report/floors.js';
import { judge, type Verdict } from '../../bench/report/targets.js';
import { spread } from '../../bench/stats.js';

const settings = { records: 1000 };

function measured(own: Partial<Measurement>, rate: number): Measurement {
  const even = { median: rate, min: rate, max: rate };
  return {
    kind: 'put',
    contender: 'direct',
    level: 'QUORUM',
    sync: 'always',
    concurrency: 64,
    valueBytes: 100,
    distribution: 'uniform',
    keys: 10_000,
    processes: 1,
    perSecond: even,
    p50Ms: even,
    p99Ms: even,
    clientCpuMicros: 1,
    serverCpuMicros: 1,
    maxMs: 1,
    gapMs: 1,
    failed: 0,
    wrong: 0,
    problems: [],
    ...own,
  };
}

test('the median lies in the middle, between two when they are even', () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
});

test('a target is judged by the ratio of the main rows, and only when both were measured', () => {
  const kv = measured({ contender: 'kv' }, 100);
  const { level: _, ...withoutLevel } = kv;
  const large = measured({ valueBytes: 4096 }, 900);
  const verdict = (measurements: Measurement[]) =>
    judge({ settings, measurements, findings: [] }).find(({ id }) => id === 'put direct at 64');
  assert.equal(verdict([measured({}, 300), large]), undefined);
  assert.equal(verdict([large, measured({}, 300), withoutLevel])?.value, 3);
  assert.equal(verdict([measured({}, 300), withoutLevel])?.isMet, true);
  assert.equal(verdict([measured({}, 200), withoutLevel])?.isMet, false);
});

test('what is said of a million records is not judged by a thousand', () => {
  const findings = [{ id: 'replay.256.ms', text: '', value: 1, unit: 'ms' }];
  assert.deepEqual(judge({ settings, measurements: [], findings }), []);
  assert.equal(judge({ settings: { records: 1_000_000 }, measurements: [], findings }).length, 1);
});

test('a rate a third of what was reached passes the check, less does not', () => {
  const verdict = (id: string, value: number): Verdict => {
    return { id, text: '', bound: 'at least', target: 1, unit: 'x', value, isMet: false };
  };
  const slipped = (...verdicts: Verdict[]) => slips(verdicts).map(({ verdict: { value } }) => value);
  assert.deepEqual(slipped(verdict('put direct at 64', 0.54), verdict('put direct at 256', 0.57)), []);
  assert.deepEqual(slipped(verdict('put direct at 64', 0.53), verdict('cli.get', 0)), [0.53]);
  assert.throws(() => slips([verdict('cli.get', 1)]), /--check needs one of put direct at 64/);
});

test('the picture shows the main rows, and there is none of a single concurrency', () => {
  assert.equal(chart([measured({}, 100)]), undefined);
  const picture = chart([measured({}, 100), measured({ concurrency: 1024 }, 1000)]) ?? '';
  assert.match(picture, /^<svg .*<\/svg>\n$/s);
  assert.doesNotMatch(picture, /NaN|undefined|Infinity/);
});
