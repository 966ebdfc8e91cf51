// What a scraper reads is what was written, whatever is in it; and every name is documented.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Exposition } from '../../../src/node/metrics/exposition.js';
import { parseMetrics, seriesOf } from '../../support/prometheus.js';

const root = new URL('../../../../', import.meta.url);

test('labels with quotes, backslashes and line breaks stay one line each', () => {
  const page = new Exposition();
  page.gauge('a', 'back\\slash\nand break', [[{ x: 'q"q', y: 'a\\nb\n' }, 1]]);
  assert.equal(
    page.toString(),
    '# HELP a back\\\\slash\\nand break\n# TYPE a gauge\na{x="q\\"q",y="a\\\\nb\\n"} 1\n',
  );
  assert.equal(parseMetrics(page.toString()).get('a')?.samples.size, 1);
});

test('what is not known is left out, with its help', () => {
  const page = new Exposition();
  page.gauge('a', 'a', undefined);
  page.counter('b_total', 'b', []);
  page.histogram('c', 'c', []);
  page.gauge('d', 'd', Number.POSITIVE_INFINITY);
  assert.deepEqual([...parseMetrics(page.toString()).keys()], ['d']);
});

test('a histogram has the count of its last bucket', () => {
  const page = new Exposition();
  const buckets: [number, number][] = [
    [0.1, 1],
    [Number.POSITIVE_INFINITY, 3],
  ];
  page.histogram('h', 'h', [{ labels: { op: 'read' }, buckets, sum: 4.5 }]);
  const { samples } = parseMetrics(page.toString()).get('h') ?? assert.fail();
  assert.equal(samples.get(seriesOf('h_bucket', { op: 'read', le: '0.1' })), 1);
  assert.equal(samples.get(seriesOf('h_count', { op: 'read' })), 3);
  assert.equal(samples.get(seriesOf('h_sum', { op: 'read' })), 4.5);
});

test('docs/METRICS.md names every metric there is, and no other', () => {
  const names = (text: string, pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();
  const dir = new URL('src/node/metrics/', root);
  const code = readdirSync(dir)
    .map(file => readFileSync(new URL(file, dir), 'utf8'))
    .join('\n');
  const docs = readFileSync(new URL('docs/METRICS.md', root), 'utf8');
  const inCode = names(code, /'((?:dynats|process|nodejs)_[a-z0-9_]+)'/g);
  assert.ok(inCode.length > 40);
  assert.deepEqual(names(docs, /`((?:dynats|process|nodejs)_[a-z0-9_]+)`/g), inCode);
});
