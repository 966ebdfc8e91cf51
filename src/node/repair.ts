// Repair on demand: a round of anti-entropy that somebody waits for.
import type { Clock } from '../ports.js';
import type { AntiEntropy } from '../replica/anti-entropy.js';
import type { Replica } from '../replica/replica.js';
import type { RepairReply } from '../wire/generated/types.js';
import { repairRequest } from '../wire/generated/validators.js';
import { decodeJson } from '../wire/json.js';

export interface RepairOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly replica: Replica;
  readonly antiEntropy: AntiEntropy;
}

/** @throws InvalidRequestError */
export async function repairOf(options: RepairOptions, data: Uint8Array): Promise<RepairReply> {
  const { node, clock, replica, antiEntropy } = options;
  const { dryRun = false } = data.length === 0 ? {} : decodeJson(repairRequest, data);
  const startedAtMs = clock.monotonic();
  const { found, unreached } = await antiEntropy.repair(dryRun);
  const tookMs = Math.round(clock.monotonic() - startedAtMs);
  return { node, state: replica.state, dryRun, found, unreached: [...unreached], tookMs };
}
