// When a record has expired: by the clock that the coordinator goes by, which the other nodes' clocks keep right.
import type { WireRecord } from '../wire/generated/types.js';
import type { Coordination } from './coordination.js';

export function hasExpired({ hlc }: Coordination, { expiresAt }: Pick<WireRecord, 'expiresAt'>): boolean {
  return expiresAt !== undefined && expiresAt <= hlc.current();
}
