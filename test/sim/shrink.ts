// Finds a short plan that still fails: leaves out halves, quarters, and in the end single parts, as long as the run without
// them fails by the same rule (delta debugging; Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
import type { Planned } from './plan.js';
import type { Scenario } from './result.js';

/** Runs spent on one failure. */
const TRIES_MAX = 400;

export interface ShrinkOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly plan: readonly Planned[];
  readonly rules: ReadonlySet<string>;
  /** When to stop looking, in milliseconds since 1970; what is found by then is the answer. */
  readonly untilMs: number;
}

/** @returns the shortest plan found that breaks one of the rules. */
export async function shrink(options: ShrinkOptions): Promise<readonly Planned[]> {
  let plan = options.plan;
  let tries = 0;
  for (let chunk = Math.ceil(plan.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let at = 0; at < plan.length; ) {
      if (++tries > TRIES_MAX || Date.now() > options.untilMs) return plan;
      const shorter = [...plan.slice(0, at), ...plan.slice(at + chunk)];
      if (await fails(options, shorter)) plan = shorter;
      else at += chunk;
    }
  }
  return plan;
}

async function fails({ scenario, seed, rules }: ShrinkOptions, plan: readonly Planned[]): Promise<boolean> {
  const failed = await rulesBroken(scenario, seed, plan);
  return failed.some(rule => rules.has(rule));
}

/** The rules that a run breaks; one that ends with an error breaks the rule of its message. */
export async function rulesBroken(
  scenario: Scenario,
  seed: number,
  plan?: readonly Planned[],
): Promise<string[]> {
  try {
    const { violations } = await scenario({ seed, plan });
    return violations.map(({ rule }) => rule);
  } catch (error) {
    return [ruleOf(error)];
  }
}

/** Numbers in a message differ from run to run. */
export function ruleOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `it ends: ${message.replace(/\(.*/s, '').replace(/\d+/g, 'n')}`;
}
