// What a level asks of the owners of one key: so many of these, and at EACH_QUORUM so many of those as well.
import { type CountLevel, Level, requiredOwners } from './level.js';

/** One condition of a level: `required` of `owners` must answer. Invariant, for the parts of a level: 1 <= required <= owners.length. */
export interface Part {
  /** The zone these owners are in; undefined when zones do not matter to the level. */
  readonly zone: string | undefined;
  readonly owners: readonly string[];
  readonly required: number;
}

/** All of its parts must be met. */
export type Need = readonly Part[];

/** A part that cannot be met, and what there is towards it. */
export interface Shortfall {
  readonly zone: string | undefined;
  readonly required: number;
  readonly there: number;
}

/** The level makes no sense for this key from here, whoever is alive. */
export class LevelError extends Error {
  override name = 'LevelError';
}

export interface Placement {
  readonly owners: readonly string[];
  /** Zone of a node; undefined in a cluster without zones, which counts as one zone. */
  readonly zoneOf: (node: string) => string | undefined;
  /** The zone that LOCAL_QUORUM means. */
  readonly localZone: string | undefined;
}

/** @throws LevelError */
export function needOf(level: Level, placement: Placement): Need {
  switch (level) {
    case Level.LocalQuorum:
      return [localQuorum(placement)];
    case Level.EachQuorum:
      return eachQuorum(placement);
    default:
      return counted(level, placement.owners);
  }
}

/** Mostly keys share their owners, and then what a level needs of them: a request makes nothing of its own. */
const countedNeeds = new WeakMap<readonly string[], Map<CountLevel, Need>>();

function counted(level: CountLevel, owners: readonly string[]): Need {
  const known = countedNeeds.get(owners)?.get(level);
  if (known !== undefined) return known;
  const required = requiredOwners(level, owners.length);
  if (required > owners.length)
    throw new LevelError(
      `level ${level} needs ${required} owners; the bucket has ${owners.length} for each key`,
    );
  const need = [{ zone: undefined, owners, required }];
  const ofOwners = countedNeeds.get(owners) ?? new Map<CountLevel, Need>();
  countedNeeds.set(owners, ofOwners.set(level, need));
  return need;
}

function localQuorum({ owners, zoneOf, localZone }: Placement): Part {
  if (localZone === undefined && owners.some(owner => zoneOf(owner) !== undefined))
    throw new LevelError('level LOCAL_QUORUM needs to know which zone is local: name it in the request');
  const local = owners.filter(owner => zoneOf(owner) === localZone);
  if (local.length === 0)
    throw new LevelError(`level LOCAL_QUORUM: zone ${localZone} has no owner of this key`);
  return quorumOf(localZone, local);
}

function eachQuorum({ owners, zoneOf }: Placement): Need {
  const zones = new Set(owners.map(zoneOf));
  return [...zones].map(zone =>
    quorumOf(
      zone,
      owners.filter(owner => zoneOf(owner) === zone),
    ),
  );
}

function quorumOf(zone: string | undefined, owners: readonly string[]): Part {
  return { zone, owners, required: requiredOwners(Level.Quorum, owners.length) };
}

/** As `need`, and at least `count` of `owners` in all, wherever they are. The parts may overlap. */
export function atLeastOf(need: Need, owners: readonly string[], count: number): Need {
  return count <= requiredBy(need) ? need : [...need, { zone: undefined, owners, required: count }];
}

/** How many owners a level needs in all. Not for parts that overlap. */
export function requiredBy(need: Need): number {
  let sum = 0;
  for (const { required } of need) sum += required;
  return sum;
}

/** The part furthest from being met when only `candidates` can answer; undefined when they suffice. */
export function shortfall(need: Need, candidates: readonly string[]): Shortfall | undefined {
  let found: Shortfall | undefined;
  for (const { zone, owners, required } of need) {
    const there = countIn(owners, candidates);
    if (there >= required) continue;
    if (found === undefined || required - there > found.required - found.there)
      found = { zone, required, there };
  }
  return found;
}

/** Splits `candidates`, in order, into new arrays: as many of each part as it needs, and those to spare. */
export function choose(need: Need, candidates: readonly string[]): { chosen: string[]; spare: string[] } {
  const [only] = need;
  // Mostly there is one part, and the candidates are among its owners.
  if (only !== undefined && need.length === 1 && areAmong(candidates, only.owners))
    return { chosen: candidates.slice(0, only.required), spare: candidates.slice(only.required) };
  const chosen = new Set<string>();
  for (const { owners, required } of need) {
    let lacking = required - countIn(owners, [...chosen]);
    for (const node of candidates) {
      if (lacking <= 0) break;
      if (!owners.includes(node) || chosen.has(node)) continue;
      chosen.add(node);
      lacking--;
    }
  }
  return {
    chosen: candidates.filter(node => chosen.has(node)),
    // Who is in no part could answer for none.
    spare: candidates.filter(node => !chosen.has(node) && need.some(({ owners }) => owners.includes(node))),
  };
}

function areAmong(nodes: readonly string[], others: readonly string[]): boolean {
  for (const node of nodes) if (!others.includes(node)) return false;
  return true;
}

/** What a level needs, in words: `2 owners in zone a and 2 owners in zone b`. */
export function needText(need: readonly Pick<Part, 'zone' | 'required'>[]): string {
  return need
    .map(({ zone, required }) => {
      const owners = `${required} owner${required === 1 ? '' : 's'}`;
      return zone === undefined ? owners : `${owners} in zone ${zone}`;
    })
    .join(' and ');
}

/** What an owner has come to. */
const Mark = {
  None: 0,
  /** It may still answer. */
  Hopeful: 1,
  Answered: 2,
} as const;
type Mark = (typeof Mark)[keyof typeof Mark];

/** Counts the answers to one request against what its level needs. Few owners: arrays are faster than sets here. */
export class Tally {
  /** Those that matter to the level, and whoever else is heard of. */
  private members: readonly string[];
  private readonly marks: Mark[] = [];

  /** @param hopeful the owners that may still answer. */
  constructor(
    private readonly need: Need,
    hopeful: readonly string[],
  ) {
    this.members = need[0]?.owners ?? [];
    for (const owner of hopeful) this.marks[this.indexOf(owner)] = Mark.Hopeful;
  }

  answered(owner: string): void {
    this.marks[this.indexOf(owner)] = Mark.Answered;
  }

  /** The owner will not answer any more. What it answered before counts. */
  failed(owner: string): void {
    const at = this.indexOf(owner);
    if (this.marks[at] === Mark.Hopeful) this.marks[at] = Mark.None;
  }

  /** The owner may answer after all. */
  hope(owner: string): void {
    const at = this.indexOf(owner);
    if (this.marks[at] !== Mark.Answered) this.marks[at] = Mark.Hopeful;
  }

  /** Answers counted, those that the level does not ask for included. */
  get count(): number {
    let count = 0;
    for (const mark of this.marks) if (mark === Mark.Answered) count++;
    return count;
  }

  get isMet(): boolean {
    for (const part of this.need) if (!this.isPartMet(part)) return false;
    return true;
  }

  isPartMet({ owners, required }: Part): boolean {
    return this.countOf(owners, Mark.Answered) >= required;
  }

  /** Whether what may still come can meet the level. */
  get isAttainable(): boolean {
    for (const part of this.need) if (!this.isPartAttainable(part)) return false;
    return true;
  }

  isPartAttainable({ owners, required }: Part): boolean {
    return this.countOf(owners, Mark.Hopeful) >= required;
  }

  /** The part furthest from being met; when all are, the first. */
  get lacking(): Shortfall {
    const first = this.need[0];
    const required = first?.required ?? 0;
    const answered = this.members.filter((_, at) => this.marks[at] === Mark.Answered);
    return shortfall(this.need, answered) ?? { zone: first?.zone, required, there: required };
  }

  /** How many of `owners` have come to `least` or further. */
  private countOf(owners: readonly string[], least: Mark): number {
    const { members, marks } = this;
    let count = 0;
    for (let i = 0; i < owners.length; i++) {
      const at = owners === members ? i : members.indexOf(owners[i] ?? '');
      if ((marks[at] ?? Mark.None) >= least) count++;
    }
    return count;
  }

  private indexOf(owner: string): number {
    const at = this.members.indexOf(owner);
    if (at >= 0) return at;
    this.members = [...this.members, owner];
    return this.members.length - 1;
  }
}

function countIn(owners: readonly string[], nodes: readonly string[]): number {
  let count = 0;
  for (const node of nodes) if (owners.includes(node)) count++;
  return count;
}

/** Who answered a replica that reads what it lost from the other owners. */
export interface Sources {
  /** Owners that hold all they acknowledged. */
  readonly serving: ReadonlySet<string>;
  /** All owners that were read, recovering ones too. */
  readonly reached: ReadonlySet<string>;
}

/**
 * Whether `self` must have met every write that a quorum acknowledged, of all owners or of its own zone: so many others
 * were read that one of them holds it; or all of them were, so that there is nowhere left to look.
 */
export function hasMetQuorums(
  self: string,
  { owners, zoneOf }: Pick<Placement, 'owners' | 'zoneOf'>,
  { serving, reached }: Sources,
): boolean {
  const hasMet = (group: readonly string[]) => {
    const others = group.filter(owner => owner !== self);
    const needed = group.length - requiredOwners(Level.Quorum, group.length) + 1;
    return (
      others.filter(owner => serving.has(owner)).length >= needed || others.every(owner => reached.has(owner))
    );
  };
  return hasMet(owners) && hasMet(owners.filter(owner => zoneOf(owner) === zoneOf(self)));
}
