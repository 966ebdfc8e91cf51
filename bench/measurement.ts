// What is measured: one contender doing one thing; and what came of it.
import type { Distribution } from '../src/cli/bench/keys.js';
import type { Kind, LoadResult } from '../src/cli/bench/load.js';
import type { SyncMode } from '../src/emulator/options.js';
import { type Spread, spread } from './stats.js';

/** Dynats with the client coordinating, Dynats with a node coordinating, JetStream KV. */
export const Contender = { Direct: 'direct', Api: 'api', Kv: 'kv' } as const;
export type Contender = (typeof Contender)[keyof typeof Contender];

/** What all contenders of one comparison have in common. */
export interface Cell {
  readonly kind: Kind;
  readonly concurrency: number;
  readonly valueBytes: number;
  readonly distribution: Distribution;
  readonly keys: number;
  readonly processes: number;
}

export interface Entrant {
  readonly contender: Contender;
  /** Of Dynats; KV has none. */
  readonly level?: 'ONE' | 'QUORUM';
  readonly sync: SyncMode;
}

export interface Measurement extends Cell, Entrant {
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** CPU time of the client processes and of the servers for each operation, in microseconds. */
  readonly clientCpuMicros: number;
  readonly serverCpuMicros: number | undefined;
  readonly maxMs: number;
  readonly gapMs: number;
  readonly failed: number;
  readonly wrong: number;
  readonly problems: readonly string[];
}

export type Round = LoadResult & { serverCpuMicros: number | undefined };

export function measurementOf(cell: Cell, entrant: Entrant, rounds: readonly Round[]): Measurement {
  const over = (of: (round: Round) => number): Spread => spread(rounds.map(of));
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const serverCpu = rounds.flatMap(({ serverCpuMicros }) => serverCpuMicros ?? []);
  return {
    ...cell,
    ...entrant,
    perSecond: over(({ perSecond }) => perSecond),
    p50Ms: over(({ p50Ms }) => p50Ms),
    p99Ms: over(({ p99Ms }) => p99Ms),
    clientCpuMicros: over(({ cpuMicros }) => cpuMicros).median,
    serverCpuMicros: serverCpu.length === 0 ? undefined : spread(serverCpu).median,
    maxMs: over(({ maxMs }) => maxMs).max,
    gapMs: over(({ gapMs }) => gapMs).max,
    failed: sum(({ failed }) => failed),
    wrong: sum(({ wrong }) => wrong),
    problems: rounds.flatMap(({ problems }) => problems).slice(0, 5),
  };
}

export function nameOf({ contender, level, sync }: Entrant): string {
  const what = contender === Contender.Kv ? 'KV R3' : `Dynats ${contender} ${level ?? ''}`.trim();
  return sync === 'lazy' ? `${what}, lazy` : what;
}
