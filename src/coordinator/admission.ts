// Whether a write is begun at all: decided before anything is sent, so that a refusal means that nothing happened.
import { OverloadedError, UnavailableError } from '../errors.js';
import { Level } from '../model/level.js';
import { type Need, shortfall } from '../model/need.js';
import type { WriteRequest } from '../wire/requests.js';
import { type Coordination, needFor, withRoom } from './coordination.js';

export interface Admitted {
  readonly preferenceList: readonly string[];
  readonly owners: readonly string[];
  readonly need: Need;
  /** Owners whose logs are asked; the others get hints. */
  readonly ready: readonly string[];
}

/**
 * @param deadlineAtMs on the monotonic clock.
 * @throws InvalidRequestError the level can never be met; UnavailableError too few owners are alive; OverloadedError too many
 * writes wait for them, or for so long that this one would come too late.
 */
export function admit(
  c: Coordination,
  request: Pick<WriteRequest, 'bucket' | 'key' | 'level' | 'zone'>,
  deadlineAtMs: number,
): Admitted {
  const ring = c.rings.of(request.bucket);
  const { preferenceList, owners } = ring.place(request.key);
  const need = needFor(c, ring, owners, request);
  const alive = c.liveness.writable(owners);
  const canHint = request.level === Level.Any && c.liveness.writable(preferenceList).length > 0;
  const missing = canHint ? undefined : shortfall(need, alive);
  if (missing !== undefined)
    throw new UnavailableError(missing.required, missing.there, undefined, { zone: missing.zone });
  const ready = withRoom(alive, c.logs.lanes, deadlineAtMs, c.clock.monotonic());
  if (!canHint && shortfall(need, ready) !== undefined)
    throw new OverloadedError('too many writes wait for the owners of this key; try again later');
  return { preferenceList, owners, need, ready };
}
