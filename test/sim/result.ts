// What every scenario is given and gives back, so that one runner runs them all.
import type { Violation } from './check/history.js';
import type { Planned } from './plan.js';

export interface RunOptions {
  readonly seed: number;
  /** What happens, in place of what the seed gives: parts of it left out. */
  readonly plan?: readonly Planned[] | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
}

export interface RunResult {
  readonly violations: readonly Violation[];
  /** How often each rare thing happened. */
  readonly reached: Readonly<Record<string, number>>;
  /** What happened, as far as it was planned. */
  readonly plan: readonly Planned[];
}

export type Scenario = (options: RunOptions) => Promise<RunResult>;

/** How a node's log line is shown. */
export function lineOf(atMs: number, node: string, level: string, message: string, fields: object): string {
  return `${atMs.toFixed(1).padStart(9)} ${node} ${level} ${message} ${JSON.stringify(fields)}`;
}
