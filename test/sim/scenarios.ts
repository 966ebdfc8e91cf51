// Every scenario that runs from a seed alone, by name, and the rare things that many runs of it must have reached.
import { runBuckets } from './bucket-scenario.js';
import { DAMAGE, FAULT_NAMES, without } from './fault-table.js';
import { runHeals } from './heal-scenario.js';
import { runOverload } from './overload-scenario.js';
import { runPurgeScenario } from './purge-scenario.js';
import { runReadRepairs } from './read-repair.js';
import type { Scenario } from './result.js';
import { runScans, type ScanLevels } from './scan-scenario.js';
import { runScenario } from './scenario.js';
import { runWatches } from './watch-scenario.js';

export interface NamedScenario {
  readonly about: string;
  readonly run: Scenario;
  /** What `EXPECTED_SEEDS` runs in a row reach, or something is wrong with the net. */
  readonly expected: readonly string[];
  /** Share of the runs when all scenarios are run. */
  readonly share: number;
}

/** So many runs of one scenario must have reached everything that is expected of it. */
export const EXPECTED_SEEDS = 300;

const LINKS_AND_NODES = FAULT_NAMES.filter(name => !DAMAGE.has(name));
const SOME_ZONES = {
  nodes: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'],
  replicationFactor: 6,
  zones: { n0: 'a', n1: 'b', n2: 'a', n3: 'b', n4: 'a', n5: 'b' },
};
const ZONE_LEVELS = [
  { write: 'LOCAL_QUORUM', read: 'LOCAL_QUORUM' },
  { write: 'EACH_QUORUM', read: 'LOCAL_QUORUM' },
  { write: 'EACH_QUORUM', read: 'EACH_QUORUM' },
] as const;
const SCAN_LEVELS: readonly ScanLevels[] = [
  { write: 'QUORUM', scan: 'QUORUM' },
  { write: 'LOCAL_QUORUM', scan: 'LOCAL_QUORUM' },
  { write: 'EACH_QUORUM', scan: 'LOCAL_QUORUM' },
];

function nth<T>(items: readonly T[], seed: number): T {
  const item = items[seed % items.length];
  if (item === undefined) throw new RangeError('nothing to choose from');
  return item;
}

export const SCENARIOS: Readonly<Record<string, NamedScenario>> = {
  quorum: {
    about: 'writes and reads at levels that meet, under every fault',
    run: options => runScenario(options),
    expected: [
      ...FAULT_NAMES,
      'wipedDisk of a running replica',
      'lostTail of a running replica',
      'hole of a running replica',
      'UNAVAILABLE',
      'WRITE_TIMEOUT',
      'READ_TIMEOUT',
      'no answer',
      'repair acked',
      'repair failed',
      'hint stored',
      'hint refused',
      'hint that nobody took',
      'hint entry delivered',
      'hint refused by its target',
      'target lost during handoff',
      'record fetched by anti-entropy',
      'record sent by anti-entropy',
      'comparison failed',
      'compaction',
      'compaction failed',
      'loss found',
      'damaged log rewritten',
      'made whole',
      'log not opened',
      'clock corrected',
    ],
    share: 0.7,
  },
  sessions: {
    about: 'sessions at level ONE, through nodes and clients in turn',
    run: options => runScenario({ ...options, sessions: 'kept', rates: without(DAMAGE) }),
    expected: LINKS_AND_NODES,
    share: 0.12,
  },
  hints: {
    about: 'hints alone bring what owners were away for',
    run: options => runScenario({ ...options, isByHintsAlone: true, rates: without(DAMAGE) }),
    expected: ['run judged by hints alone', 'hint entry delivered', 'target lost during handoff'],
    share: 0.05,
  },
  zones: {
    about: 'levels that count by zone, with two zones of three owners each',
    run: options =>
      runScenario({ ...options, cluster: SOME_ZONES, levels: nth(ZONE_LEVELS, options.seed), zone: 'a' }),
    expected: FAULT_NAMES,
    share: 0.04,
  },
  scans: {
    about: 'scans among writes',
    run: options => runScans(options, nth(SCAN_LEVELS, options.seed)),
    expected: ['page of a scan', ...LINKS_AND_NODES],
    share: 0.03,
  },
  watches: {
    about: 'watches among writes',
    run: runWatches,
    expected: ['watch event', ...LINKS_AND_NODES],
    share: 0.02,
  },
  repairs: {
    about: 'writes that failed after they reached one owner, and reads of what they left',
    run: runReadRepairs,
    expected: ['foundFailed', 'repaired', 'timedOut'],
    share: 0.02,
  },
  heals: {
    about: 'a disk that forgets what only a dead owner has besides',
    run: runHeals,
    expected: ['wipe', 'tail', 'hole', 'flip', 'made whole', 'read that was refused'],
    share: 0.02,
  },
  purge: {
    about: 'deletes that are purged between troubles',
    run: runPurgeScenario,
    expected: ['floor raised', 'long death', 'long partition', 'compaction'],
    share: 0.01,
  },
  buckets: {
    about: 'a bucket made and dropped again and again under one name',
    run: runBuckets,
    expected: ['bucket made', 'bucket dropped', 'key of a bucket read'],
    share: 0.005,
  },
  overload: {
    about: 'more than nodes that hang can take',
    run: runOverload,
    expected: ['writes refused', 'reads refused'],
    share: 0.002,
  },
};
