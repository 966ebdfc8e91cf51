// What happens in one run, drawn from its seed before the run begins: so that a run can be had again with parts left out.
import type { ClusterDefinition } from '../../src/wire/generated/types.js';
import { FAULT_NAMES, FAULT_RATES, type FaultName, type FaultRates, KIND_SHARE } from './fault-table.js';
import { SeededRandom } from './random.js';

export interface PlannedFault {
  readonly what: 'fault';
  /** After the cluster has started, in virtual milliseconds. */
  readonly atMs: number;
  readonly name: FaultName;
  /** Where; what it means is the kind's. */
  readonly node: string;
  /** Sites that are cut off, or the one that is not heard. */
  readonly sites: readonly string[];
  readonly lastsMs: number;
  /** How bad, 0 <= amount < 1. */
  readonly amount: number;
}

export interface PlannedOperation {
  readonly what: 'operation';
  readonly atMs: number;
  readonly kind: 'put' | 'delete' | 'get' | 'scan';
  readonly key: string;
  readonly client: number;
  /** Who coordinates: the client itself, a node, or whichever node is free. */
  readonly via: string;
  readonly value: string;
  readonly ttlMs?: number;
  readonly isTraced: boolean;
}

export type Planned = PlannedFault | PlannedOperation;

export interface FaultPlanOptions {
  readonly seed: number;
  readonly steps: number;
  readonly rates?: Partial<FaultRates> | undefined;
  readonly cluster: ClusterDefinition;
  readonly clients: number;
}

export interface PlanOptions extends FaultPlanOptions {
  readonly keys: readonly string[];
  /** Probability that an operation goes through a node. */
  readonly viaNode: number;
  /** Probability that a put expires, and that an operation is a scan. */
  readonly ttl: number;
  readonly scans: number;
}

export const VIA_CLIENT = 'client';
export const VIA_ANY = 'any';

const STEP_MS = 50;
const FAULT_MS = { least: 50, most: 2500 };
/** What is drawn of the plan must not depend on what is drawn in the run. */
const PLAN_SALT = 0x9e3779b9;

export const siteOf = (client: number) => `at-c${client}`;

/** The faults of a run whose operations are drawn as it goes. */
export function planFaults(options: FaultPlanOptions): PlannedFault[] {
  const random = new SeededRandom(options.seed ^ PLAN_SALT);
  return [...faultsByStep(random, options)].flatMap(({ faults }) => faults);
}

/** All that happens in a run. */
export function planOf(options: PlanOptions): Planned[] {
  const random = new SeededRandom(options.seed ^ PLAN_SALT);
  const plan: Planned[] = [];
  for (const { atMs, faults } of faultsByStep(random, options)) {
    plan.push(...faults);
    for (let client = 0; client < options.clients; client++)
      if (random.chance(0.6)) plan.push(operation(random, client, atMs, options, plan.length));
  }
  return plan;
}

function* faultsByStep(
  random: SeededRandom,
  { steps, cluster, clients, rates: changed }: FaultPlanOptions,
): Generator<{ atMs: number; faults: PlannedFault[] }> {
  const rates = swarm(random, { ...FAULT_RATES, ...changed });
  const sites = [...cluster.nodes, ...Array.from({ length: clients }, (_, i) => siteOf(i))];
  let atMs = 0;
  for (let step = 0; step < steps; step++) {
    // Clocks that are wrong are so from the beginning.
    const names = FAULT_NAMES.filter(name => (step === 0) === (name === 'clockSkew'));
    const struck = names.filter(name => random.chance(rates[name]));
    yield { atMs, faults: struck.map(name => fault(random, name, atMs, cluster, sites)) };
    atMs += STEP_MS * random.next();
  }
}

/** Only some kinds of fault in one run. */
function swarm(random: SeededRandom, rates: FaultRates): FaultRates {
  return Object.fromEntries(
    FAULT_NAMES.map(name => [name, random.chance(KIND_SHARE) ? rates[name] : 0]),
  ) as unknown as FaultRates;
}

function fault(
  random: SeededRandom,
  name: FaultName,
  atMs: number,
  { nodes }: ClusterDefinition,
  sites: readonly string[],
): PlannedFault {
  const node = random.pick(nodes);
  // At least one is cut off, and one is not.
  const apart = sites.filter(() => random.chance(0.3));
  const other = random.pick(sites.filter(site => site !== node));
  const lastsMs = FAULT_MS.least + random.next() ** 2 * (FAULT_MS.most - FAULT_MS.least);
  const amount = random.next();
  const cut = apart.length === 0 || apart.length === sites.length ? [node] : apart;
  return { what: 'fault', atMs, name, node, sites: name === 'oneWay' ? [other] : cut, lastsMs, amount };
}

function operation(
  random: SeededRandom,
  client: number,
  atMs: number,
  { cluster, keys, viaNode, ttl, scans }: PlanOptions,
  index: number,
): PlannedOperation {
  const key = random.pick(keys);
  const isScan = random.chance(scans);
  const kind = isScan ? 'scan' : random.chance(0.45) ? 'get' : random.chance(0.15) ? 'delete' : 'put';
  const node = random.chance(0.5) ? VIA_ANY : random.pick(cluster.nodes);
  const via = random.chance(viaNode) ? node : VIA_CLIENT;
  const lives = random.chance(ttl) ? { ttlMs: 1 + random.below(10_000) } : {};
  const isTraced = random.chance(0.3);
  return {
    what: 'operation',
    atMs,
    kind,
    key,
    client,
    via,
    value: `c${client}-${index}`,
    ...(kind === 'put' ? lives : {}),
    isTraced,
  };
}

/** One line for each part, in order of time: what a person reads of a run. */
export function traceOf(plan: readonly Planned[]): string[] {
  return plan.map(part => {
    const at = `${part.atMs.toFixed(1).padStart(8)} ms`;
    if (part.what === 'operation') {
      const ttl = part.ttlMs === undefined ? '' : ` for ${part.ttlMs} ms`;
      const value = part.kind === 'put' ? ` = ${part.value}${ttl}` : '';
      return `${at}  c${part.client} ${part.kind} ${part.key}${value} by ${part.via}`;
    }
    const sites = part.name === 'partition' || part.name === 'oneWay' ? ` ${part.sites.join(', ')}` : '';
    return `${at}  ${part.name} ${part.node}${sites} for ${part.lastsMs.toFixed(0)} ms (${part.amount.toFixed(2)})`;
  });
}
