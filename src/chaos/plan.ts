// What happens when: drawn from a seed before anything begins, so that the same seed gives the same plan.
import type { Blow, Fault } from './faults/fault.js';
import { SeededRandom } from './random.js';

export interface PlannedBlow extends Blow {
  /** When it begins and is healed, milliseconds after the start of the run; not before the one before it is healed. */
  readonly atMs: number;
  readonly holdMs: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly everyMs: number;
  readonly faults: readonly Fault[];
  readonly nodes: readonly string[];
}

/** A fault lasts this share of the time until the next. */
const holdMin = 0.3;
const holdMax = 0.7;

/** Every kind comes once, in an order of chance, before one comes again. */
export function makePlan({ seed, durationMs, everyMs, faults, nodes }: PlanOptions): PlannedBlow[] {
  const random = new SeededRandom(seed);
  const blows: PlannedBlow[] = [];
  let round: Fault[] = [];
  // The first comes when the load has found its pace; the last is healed before the end.
  for (let atMs = everyMs / 2; atMs + everyMs * holdMax < durationMs && faults.length > 0; atMs += everyMs) {
    if (round.length === 0) round = random.shuffled(faults);
    const fault = round.pop();
    if (fault === undefined) break;
    const { nodes: hit, how = '' } = fault.draw(nodes, random);
    const holdMs = Math.round(everyMs * (holdMin + random.next() * (holdMax - holdMin)));
    blows.push({ fault: fault.name, nodes: hit, how, seed: random.below(2 ** 31), atMs, holdMs });
  }
  return blows;
}
