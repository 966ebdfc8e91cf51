// Reads the text format of Prometheus, strictly, by its specification and not by the writer under test.
import assert from 'node:assert/strict';

export interface Family {
  readonly type: string;
  readonly help: string;
  /** Value by the text of name and labels, the labels sorted. */
  readonly samples: Map<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const sampleLine = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/** The families by name. Throws where the text is not what a scraper may rely on. */
export function parseMetrics(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map<string, Family>();
  let help: [string, string] | undefined;
  let current: [string, Family] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') help = [name, rest];
    else if (kind === 'TYPE') {
      assert.equal(help?.[0], name, `${name} has no help before its type`);
      assert.ok(!families.has(name), `${name} is there twice`);
      assert.match(rest, /^(counter|gauge|histogram|summary|untyped)$/);
      current = [name, { type: rest, help: help?.[1] ?? '', samples: new Map() }];
      families.set(...current);
    } else readSample(line, current);
  }
  for (const [name, family] of families) {
    assert.ok(family.samples.size > 0, `${name} has no sample`);
    if (family.type === 'counter') assert.match(name, /_total$/);
    if (family.type === 'histogram') checkHistogram(name, family);
  }
  return families;
}

function readSample(line: string, current: [string, Family] | undefined): void {
  const match = sampleLine.exec(line);
  assert.ok(match !== null && current !== undefined, `no sample: ${line}`);
  const [, name = '', labels = '', value = ''] = match;
  const [family, { type, samples }] = current;
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  assert.ok(
    suffixes.some(suffix => name === family + suffix),
    `${name} stands under ${family}`,
  );
  const pairs: [string, string][] = [];
  labelPair.lastIndex = 0;
  while (labelPair.lastIndex < labels.length) {
    const pair = labelPair.exec(labels);
    assert.ok(pair !== null, `no labels: ${labels}`);
    pairs.push([pair[1] ?? '', pair[2] ?? '']);
  }
  assert.equal(new Set(pairs.map(([label]) => label)).size, pairs.length, `a label twice: ${line}`);
  const key = seriesOf(name, Object.fromEntries(pairs));
  assert.ok(!samples.has(key), `a series twice: ${line}`);
  samples.set(key, Number(value.replace('Inf', 'Infinity')));
}

/** How `samples` name a series. */
export function seriesOf(name: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${sorted.map(([label, value]) => `${label}=${value}`).join(',')}}`;
}

/** Buckets grow, end at infinity, and that is the count. */
function checkHistogram(name: string, { samples }: Family): void {
  const series = new Map<string, [number, number][]>();
  for (const [key, value] of samples) {
    const le = /le=([^,}]+)/.exec(key)?.[1];
    if (le === undefined) continue;
    const rest = key
      .replace(`${name}_bucket`, '')
      .replace(/,?le=[^,}]+/, '')
      .replace('{,', '{');
    series.set(rest, [...(series.get(rest) ?? []), [Number(le.replace('Inf', 'Infinity')), value]]);
  }
  for (const [labels, buckets] of series) {
    const [limits, counts] = [buckets.map(([limit]) => limit), buckets.map(([, count]) => count)];
    assert.deepEqual(
      limits,
      [...limits].sort((a, b) => a - b),
      `limits of ${name}${labels}`,
    );
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
      `counts of ${name}${labels}`,
    );
    assert.equal(limits.at(-1), Number.POSITIVE_INFINITY);
    assert.equal(counts.at(-1), samples.get(`${name}_count${labels}`), `count of ${name}${labels}`);
    assert.ok(samples.has(`${name}_sum${labels}`), `sum of ${name}${labels}`);
  }
}
