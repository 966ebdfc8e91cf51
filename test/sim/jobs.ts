// Runs batches of seeds in processes beside this one, so that all cores work.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addUp } from './reached.js';
import type { Batch, BatchResult, Failure } from './run-seeds.js';

/** From a worker: a run has ended; or its batch has, with this. */
export type Report = { readonly kind: 'run' } | { readonly kind: 'done'; readonly result: BatchResult };

export interface JobsOptions {
  readonly jobs: number;
  readonly failuresMax: number;
  readonly onRun: () => void;
  readonly onFailure: (failure: Failure) => void;
}

/** @returns what came of each scenario, by name. */
export async function runInJobs(
  batches: readonly Batch[],
  { jobs, failuresMax, onRun, onFailure }: JobsOptions,
): Promise<Map<string, BatchResult>> {
  const left = [...batches];
  const results = new Map<string, { runs: number; failures: Failure[]; reached: Record<string, number> }>();
  let failures = 0;
  const take = ({ scenario }: Batch, { runs, failures: found, reached }: BatchResult) => {
    const total = results.get(scenario) ?? { runs: 0, failures: [], reached: {} };
    results.set(scenario, total);
    total.runs += runs;
    total.failures.push(...found);
    addUp(total.reached, reached);
    failures += found.length;
    for (const failure of found) onFailure(failure);
  };
  const work = async () => {
    const worker = fork(fileURLToPath(new URL('worker.js', import.meta.url)));
    try {
      for (let batch = left.shift(); batch !== undefined && failures < failuresMax; batch = left.shift())
        take(batch, await ask(worker, batch, onRun));
    } finally {
      worker.disconnect();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, batches.length) }, work));
  return results;
}

function ask(worker: ChildProcess, batch: Batch, onRun: () => void): Promise<BatchResult> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      worker.removeAllListeners();
      settle();
    };
    worker.on('exit', code => end(() => reject(new Error(`a worker ended with exit code ${code}`))));
    worker.on('message', (report: Report) => {
      if (report.kind === 'run') onRun();
      else end(() => resolve(report.result));
    });
    worker.send(batch);
  });
}
