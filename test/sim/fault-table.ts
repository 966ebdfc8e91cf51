// The faults a run may meet, each with its probability. What each does is in fault-kinds.ts.

/**
 * Probability of each fault in one step of a run that has this kind of fault at all; of `clockSkew`, in the run. A run has
 * each kind with `KIND_SHARE`, so that rare mixes, and some of one kind alone, come up.
 */
export const FAULT_RATES = {
  /** Messages between brokers are lost, late, come twice, are overtaken. */
  loss: 0.02,
  delay: 0.02,
  duplication: 0.02,
  reordering: 0.02,
  /** Sites are cut off from the others, both ways; one site is not heard by another. */
  partition: 0.015,
  oneWay: 0.015,
  /** The broker, the replica's process, or both die, and are started again; the process loses its connection; both hang. */
  brokerDeath: 0.015,
  replicaDeath: 0.015,
  nodeDeath: 0.015,
  connectionLoss: 0.02,
  pause: 0.01,
  /** Whatever a node is asked takes long. */
  slowNode: 0.015,
  /** Clocks that are wrong from the start; a clock that is set while the run goes on. */
  clockSkew: 0.5,
  clockJump: 0.01,
  fullDisk: 0.01,
  hintsRefused: 0.02,
  /** A disk forgets: everything, its newest entries, some in the middle, part of one, one bit of one. */
  wipedDisk: 0.02,
  lostTail: 0.02,
  hole: 0.02,
  truncation: 0.02,
  bitFlip: 0.02,
} as const;

export type FaultName = keyof typeof FAULT_RATES;
export type FaultRates = Readonly<Record<FaultName, number>>;

export const FAULT_NAMES = Object.keys(FAULT_RATES) as FaultName[];

/** Probability that a run has one kind of fault. */
export const KIND_SHARE = 0.4;

/** Faults after which an acknowledgement of fewer than a quorum may be gone. */
export const DAMAGE: ReadonlySet<FaultName> = new Set([
  'wipedDisk',
  'lostTail',
  'hole',
  'truncation',
  'bitFlip',
]);

/** Rates without the faults named. */
export function without(names: Iterable<FaultName>): Partial<FaultRates> {
  return Object.fromEntries([...names].map(name => [name, 0]));
}
