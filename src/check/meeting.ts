// Which operations must meet: of two, the owners that the first had acked and those that the second asked have one in common.
import { Level, requiredOwners } from '../model/level.js';
import type { Operation } from './history.js';

export interface Quorums {
  /** Owners of a key. */
  readonly replicationFactor: number;
  /** Whether some owner's disk lost what it held. Then only what a quorum acknowledged is promised. */
  readonly disksLost: boolean;
}

type Asked = Pick<Operation, 'kind' | 'level' | 'zone'>;

export function majorityOf(replicationFactor: number): number {
  return requiredOwners(Level.Quorum, replicationFactor);
}

/** Owners that surely had, or answered, it; of EACH_QUORUM those of all zones are a majority, of LOCAL_QUORUM one is sure. */
function owners(level: Level, replicationFactor: number): number {
  if (level === Level.Any) return 0;
  if (level === Level.LocalQuorum) return 1;
  return requiredOwners(level === Level.EachQuorum ? Level.Quorum : level, replicationFactor);
}

/** Whether any two operations at such levels meet, whatever the zones. */
export function isMajority(level: Level, replicationFactor: number): boolean {
  return owners(level, replicationFactor) >= majorityOf(replicationFactor);
}

/** Whether `read`, begun after `earlier` had ended `ok`, must return what that wrote or read, or something newer. */
export function meets(earlier: Asked, read: Asked, { replicationFactor, disksLost }: Quorums): boolean {
  // What one owner answered no other needs to have.
  if (earlier.kind === 'get' && earlier.level === Level.One && replicationFactor > 1) return false;
  if (read.level === Level.LocalQuorum) {
    if (earlier.level === Level.EachQuorum) return true;
    if (earlier.level === Level.LocalQuorum) return read.zone !== undefined && earlier.zone === read.zone;
  }
  if (disksLost && !isMajority(earlier.level, replicationFactor)) return false;
  return owners(earlier.level, replicationFactor) + owners(read.level, replicationFactor) > replicationFactor;
}
