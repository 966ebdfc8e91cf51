// The client processes, seen from the process that runs the benchmark.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadResult, LoadSpec } from '../../src/cli/bench/load.js';
import { undoAtEnd } from '../clean-up.js';
import type { Answer, Order, Target } from './orders.js';

const processFile = fileURLToPath(new URL('./process.js', import.meta.url));

export class ClientProcess {
  private readonly process: ChildProcess;
  readonly stop: () => Promise<void>;
  private readonly ended: Promise<never>;

  /** @param profileDir where to leave a CPU profile when it ends. */
  constructor(profileDir?: string) {
    const profile = profileDir === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir];
    this.process = fork(processFile, { execArgv: profile, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.ended = once(this.process, 'exit').then(([code, signal]) => {
      throw new Error(`a client process ended (${String(code ?? signal)}); its output is above`);
    });
    // Only who waits for an answer needs to know.
    this.ended.catch(() => undefined);
    this.stop = undoAtEnd(async () => {
      if (this.process.connected) this.process.disconnect();
      await this.ended.catch(() => undefined);
    });
  }

  connect(name: string, target: Target, valueBytes: number, connections = 1): Promise<unknown> {
    return this.order({ do: 'connect', name, target, valueBytes, connections });
  }

  fill(name: string, to: number, concurrency = 1024, from = 0): Promise<unknown> {
    return this.order({ do: 'fill', name, from, to, concurrency });
  }

  async run(name: string, spec: LoadSpec): Promise<LoadResult> {
    const result = await this.order({ do: 'run', name, spec });
    if (result === undefined) throw new Error('a client process measured nothing');
    return result;
  }

  close(name: string): Promise<unknown> {
    return this.order({ do: 'close', name });
  }

  private async order(order: Order): Promise<LoadResult | undefined> {
    const answered = once(this.process, 'message') as Promise<[Answer]>;
    this.process.send(order);
    const [answer] = await Promise.race([answered, this.ended]);
    if ('error' in answer) throw new Error(`in a client process: ${answer.error}`);
    return answer.result;
  }
}

/**
 * The results of processes that ran side by side as one: rates and counts are added. Percentiles cannot be: the median's
 * is the mean of theirs, the others' the worst.
 */
export function together(results: readonly LoadResult[]): LoadResult {
  const sum = (of: (result: LoadResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const worst = (of: (result: LoadResult) => number) => Math.max(...results.map(of));
  return {
    count: sum(({ count }) => count),
    perSecond: sum(({ perSecond }) => perSecond),
    p50Ms: sum(({ p50Ms }) => p50Ms) / results.length,
    p99Ms: worst(({ p99Ms }) => p99Ms),
    maxMs: worst(({ maxMs }) => maxMs),
    gapMs: worst(({ gapMs }) => gapMs),
    gaps: results.flatMap(({ gaps }) => gaps),
    failed: sum(({ failed }) => failed),
    wrong: sum(({ wrong }) => wrong),
    problems: results.flatMap(({ problems }) => problems).slice(0, 5),
    cpuMicros: sum(({ cpuMicros }) => cpuMicros) / results.length,
  };
}
