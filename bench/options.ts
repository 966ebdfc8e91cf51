// The command line of the benchmark: which parts, which cells, how long.
import { parseArgs } from 'node:util';
import { Distribution } from '../src/cli/bench/keys.js';
import { Kind } from '../src/cli/bench/load.js';
import { SyncMode } from '../src/emulator/options.js';
import type { Cell } from './measurement.js';

export const partNames = [
  'throughput',
  'cost',
  'limits',
  'failover',
  'replay',
  'memory',
  'growth',
  'import',
  'cli',
] as const;
export type PartName = (typeof partNames)[number];

export interface Options {
  readonly parts: readonly PartName[];
  readonly cells: readonly Cell[];
  readonly syncs: readonly SyncMode[];
  readonly modes: readonly ('direct' | 'api')[];
  readonly levels: readonly ('ONE' | 'QUORUM')[];
  readonly rounds: number;
  readonly measureMs: number;
  readonly warmupMs: number;
  /** Records of the parts that need many. */
  readonly records: number;
  readonly isShort: boolean;
  readonly kvServer: 'leader' | 'other';
  /** Without KV. */
  readonly isAlone: boolean;
  /** Whether to fail when a ratio has slipped far from what had been reached. */
  readonly isCheck: boolean;
  readonly profileDir: string | undefined;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly markdown: string | undefined;
}

export const help = `How fast is Dynats, and how fast is JetStream KV R3 on the same machine?

  npm run bench                      the main rows and each variation, about half an hour
  npm run bench -- --short           the main rows, within two minutes
  npm run bench -- --all             every combination of what follows: hours
  npm run bench -- --kinds put --concurrency 64,1024 --values 100
                                     the combinations of what is named; the rest as in the main rows

  --only LIST           parts: ${partNames.join(', ')}
  --kinds LIST          put, get, mixed
  --concurrency LIST    1,16,64,256,1024
  --values LIST         bytes of a value: 100,4096
  --distributions LIST  uniform, zipfian
  --keys LIST           10000,1000000
  --processes LIST      client processes: 1,4
  --sync LIST           always, lazy
  --modes LIST          of Dynats: direct, api
  --levels LIST         of Dynats' reads: quorum, one
  --kv-server NAME      leader: KV's client is connected to the server that leads (default); other: to the next
  --alone               Dynats only: for profiles
  --rounds N            each contender is measured so often, by turns
  --seconds N           how long each time
  --records N           records in the parts replay, memory and growth (1000000)
  --profile DIR         leave CPU profiles of client and replica processes there;
                        dist/bench/profile/hottest.js DIR sums them up
  --check               end with 1 when a ratio is far from what had been reached
  --json FILE  --svg FILE  --markdown FILE`;

const base: Omit<Cell, 'kind' | 'concurrency'> = {
  valueBytes: 100,
  distribution: Distribution.Uniform,
  keys: 10_000,
  processes: 1,
};
const concurrencies = [1, 16, 64, 256, 1024];
const kinds = Object.values(Kind);

/** @throws Error with one line that says what is wrong. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const list = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values: v } = parseArgs({
    args: [...args],
    options: {
      help: { ...flag, short: 'h' },
      short: flag,
      all: flag,
      alone: flag,
      check: flag,
      'kv-server': list,
      only: list,
      kinds: list,
      concurrency: list,
      values: list,
      distributions: list,
      keys: list,
      processes: list,
      sync: list,
      modes: list,
      levels: list,
      rounds: list,
      seconds: list,
      records: list,
      profile: list,
      json: list,
      svg: list,
      markdown: list,
    },
  });
  if (v.help) return 'help';
  const selected: Selection = {
    kinds: v.kinds === undefined ? undefined : among('--kinds', v.kinds, kinds),
    concurrency: numbers('--concurrency', v.concurrency),
    values: numbers('--values', v.values),
    distributions:
      v.distributions === undefined
        ? undefined
        : among('--distributions', v.distributions, Object.values(Distribution)),
    keys: numbers('--keys', v.keys),
    processes: numbers('--processes', v.processes),
  };
  const isSelected = Object.values(selected).some(dimension => dimension !== undefined);
  const everyPart =
    v.short && v.only === undefined ? (['throughput', 'limits', 'failover', 'cli'] as const) : partNames;
  const seconds = one('--seconds', v.seconds, v.short ? 0.5 : 2);
  return {
    parts:
      v.only === undefined ? (isSelected ? ['throughput'] : everyPart) : among('--only', v.only, partNames),
    cells: v.all
      ? product(everything)
      : isSelected
        ? product(selected)
        : v.short
          ? shortCells()
          : mainCells(),
    syncs:
      v.sync === undefined
        ? v.all
          ? ['always', 'lazy']
          : ['always']
        : among('--sync', v.sync, Object.values(SyncMode)),
    modes: v.modes === undefined ? ['direct', 'api'] : among('--modes', v.modes, ['direct', 'api']),
    levels:
      v.levels === undefined
        ? ['QUORUM', 'ONE']
        : among('--levels', v.levels.toUpperCase(), ['QUORUM', 'ONE']),
    rounds: one('--rounds', v.rounds, v.short ? 2 : 5),
    measureMs: seconds * 1000,
    warmupMs: Math.min(500, seconds * 300),
    records: one('--records', v.records, 1_000_000),
    isShort: v.short,
    isAlone: v.alone,
    isCheck: v.check,
    kvServer: among('--kv-server', v['kv-server'] ?? 'leader', ['leader', 'other'])[0] ?? 'leader',
    profileDir: v.profile,
    json: v.json,
    svg: v.svg,
    markdown: v.markdown,
  };
}

interface Selection {
  kinds?: readonly Kind[] | undefined;
  concurrency?: readonly number[] | undefined;
  values?: readonly number[] | undefined;
  distributions?: readonly Distribution[] | undefined;
  keys?: readonly number[] | undefined;
  processes?: readonly number[] | undefined;
}

const everything: Selection = {
  values: [100, 4096],
  distributions: Object.values(Distribution),
  keys: [10_000, 1_000_000],
  processes: [1, 4],
};

function product(selection: Selection): Cell[] {
  const cells: Cell[] = [];
  for (const keys of selection.keys ?? [base.keys])
    for (const valueBytes of selection.values ?? [base.valueBytes])
      for (const distribution of selection.distributions ?? [base.distribution])
        for (const processes of selection.processes ?? [base.processes])
          for (const kind of selection.kinds ?? kinds)
            for (const concurrency of selection.concurrency ?? concurrencies)
              cells.push({ kind, concurrency, valueBytes, distribution, keys, processes });
  // A million values of 4 KiB, three times each, is more than a laptop has room for.
  return cells.filter(({ keys, valueBytes }) => keys * valueBytes <= 1_000_000_000);
}

const shortCells = (): Cell[] => [
  ...product({ kinds: ['put'] }),
  ...product({ kinds: ['get'], concurrency: [1, 64, 256, 1024] }),
  ...product({ kinds: ['mixed'], concurrency: [64] }),
];

/** The main rows, and each other property varied by itself. */
function mainCells(): Cell[] {
  const concurrency = [1, 64, 1024];
  return [
    ...product({}),
    ...product({ values: [4096], concurrency }),
    ...product({ distributions: ['zipfian'], concurrency }),
    ...product({ processes: [4], concurrency: [64, 1024] }),
    ...product({ keys: [1_000_000], concurrency }),
  ];
}

function among<T extends string>(name: string, text: string, allowed: readonly T[]): T[] {
  return text.split(',').map(word => {
    const found = allowed.find(each => each === word.trim());
    if (found === undefined) throw new Error(`${name} "${word}" is none of ${allowed.join(', ')}`);
    return found;
  });
}

function numbers(name: string, text: string | undefined): number[] | undefined {
  return text?.split(',').map(word => one(name, word, 0));
}

function one(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} "${text}" is no number above 0`);
  return number;
}
