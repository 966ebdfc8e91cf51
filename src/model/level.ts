// Consistency levels and how many owners each needs.

/**
 * How many owners must have stored a write, or must answer a read. ANY is for writes only: a hint is
 * enough.
 */
export const Level = {
  Any: 'ANY',
  One: 'ONE',
  Two: 'TWO',
  Three: 'THREE',
  Quorum: 'QUORUM',
  LocalQuorum: 'LOCAL_QUORUM',
  EachQuorum: 'EACH_QUORUM',
  All: 'ALL',
} as const;
/**
 * How many owners must have stored a write, or must answer a read. ANY is for writes only: a hint is
 * enough.
 */
export type Level = (typeof Level)[keyof typeof Level];

/** Levels that count owners wherever they are; the others count them by zone (`needOf`). */
export type CountLevel = Exclude<Level, typeof Level.LocalQuorum | typeof Level.EachQuorum>;

/** How many owners of `replicationFactor` must answer. For ANY a stored hint counts too. */
export function requiredOwners(level: CountLevel, replicationFactor: number): number {
  switch (level) {
    case Level.Any:
    case Level.One:
      return 1;
    case Level.Two:
      return 2;
    case Level.Three:
      return 3;
    case Level.Quorum:
      return Math.floor(replicationFactor / 2) + 1;
    case Level.All:
      return replicationFactor;
  }
}
