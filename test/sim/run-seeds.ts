// Runs seeds of one scenario, one after the other, and makes of a failure what a person needs: what broke, how to have it
// again, and the shortest trace that was found.
import type { Violation } from './check/history.js';
import { type Planned, traceOf } from './plan.js';
import { addUp } from './reached.js';
import { EXPECTED_SEEDS, type NamedScenario, SCENARIOS } from './scenarios.js';
import { ruleOf, shrink } from './shrink.js';

export interface Failure {
  readonly scenario: string;
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly plan: readonly Planned[];
}

export interface Batch {
  readonly scenario: string;
  readonly first: number;
  readonly seeds: number;
}

export interface BatchResult {
  readonly runs: number;
  readonly failures: Failure[];
  readonly reached: Record<string, number>;
}

/** How long a trace may take to shorten, in milliseconds. */
const SHRINK_MS = 60_000;
const VIOLATIONS_SHOWN = 5;

/** Runs of one batch: few enough that all processes end at about the same time. */
const BATCH_MAX = 50;

/** Batches of one scenario, or of all, each with its share; those whose runs take longest come first. */
export function batchesOf(first: number, seeds: number, scenario?: string): Batch[] {
  if (scenario !== undefined) return cut(scenario, first, seeds);
  return Object.entries(SCENARIOS)
    .sort(([, a], [, b]) => a.share - b.share)
    .flatMap(([name, { share }]) => cut(name, first, Math.ceil(share * seeds)));
}

function cut(scenario: string, first: number, seeds: number): Batch[] {
  // A scenario with a small share has long runs.
  const most = Math.max(1, Math.min(BATCH_MAX, Math.ceil(BATCH_MAX * scenarioOf(scenario).share)));
  return Array.from({ length: Math.ceil(seeds / most) }, (_, i) => ({
    scenario,
    first: first + i * most,
    seeds: Math.min(most, seeds - i * most),
  }));
}

export function scenarioOf(name: string): NamedScenario {
  const scenario = SCENARIOS[name];
  if (scenario === undefined)
    throw new RangeError(`there is no scenario ${name}: choose one of ${Object.keys(SCENARIOS).join(', ')}`);
  return scenario;
}

/** @param onRun told after each run. @param failuresMax ends after so many. */
export async function runSeeds(
  { scenario: name, first, seeds }: Batch,
  onRun: () => void = () => {},
  failuresMax = 1,
): Promise<BatchResult> {
  const result: BatchResult & { runs: number } = { runs: 0, failures: [], reached: {} };
  for (let seed = first; seed < first + seeds && result.failures.length < failuresMax; seed++) {
    const failure = await runSeed(name, seed, result.reached);
    if (failure !== undefined) result.failures.push(failure);
    result.runs++;
    onRun();
  }
  return result;
}

async function runSeed(
  scenario: string,
  seed: number,
  reached: Record<string, number>,
): Promise<Failure | undefined> {
  let plan: readonly Planned[] = [];
  try {
    const result = await scenarioOf(scenario).run({ seed });
    addUp(reached, result.reached);
    const { violations } = result;
    ({ plan } = result);
    return violations.length === 0 ? undefined : { scenario, seed, violations, plan };
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { scenario, seed, violations: [{ rule: ruleOf(error), what }], plan };
  }
}

export function replayOf({ scenario, seed }: { readonly scenario: string; readonly seed: number }): string {
  return `npm run sim -- --scenario ${scenario} --first ${seed} --seeds 1`;
}

/** What a person reads of a failure. Shortens its plan first, if it has one. */
export async function tell(failure: Failure, shrinkMs = SHRINK_MS): Promise<string> {
  const { scenario, seed, violations, plan } = failure;
  const lines = violations.slice(0, VIOLATIONS_SHOWN).map(({ rule, what }) => `  ${rule}\n      ${what}`);
  const more = violations.length - lines.length;
  const head = [
    `scenario ${scenario}, seed ${seed}:`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more`] : []),
    `  replay: ${replayOf(failure)}`,
  ];
  if (plan.length === 0)
    return [...head, '  this scenario draws as it goes: there is no plan to shorten'].join('\n');
  const rules = new Set(violations.map(({ rule }) => rule));
  const { run } = scenarioOf(scenario);
  const short = await shrink({ scenario: run, seed, plan, rules, untilMs: Date.now() + shrinkMs });
  return [
    ...head,
    `  the shortest plan found that breaks the same rule, ${short.length} of ${plan.length} parts:`,
    ...traceOf(short).map(line => `  ${line}`),
    `  to keep it in test/sim/past/: ${JSON.stringify({ scenario, seed, plan: short })}`,
  ].join('\n');
}

/** What many runs of a scenario should have reached, and did not. */
export function neverReached(name: string, { runs, reached }: BatchResult): string[] {
  if (runs < EXPECTED_SEEDS) return [];
  return scenarioOf(name).expected.filter(what => reached[what] === undefined);
}
