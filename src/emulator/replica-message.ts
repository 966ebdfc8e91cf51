// What a replica process tells the process that started it, over Node's message channel.
import type { ReplicaState } from '../wire/generated/types.js';

export interface ReplicaReport {
  readonly type: 'state';
  readonly state: ReplicaState;
  /** Log entries read, of how many, while it catches up. */
  readonly applied?: number;
  readonly total?: number;
  /** Why it is recovering. */
  readonly reason?: string;
  /** Why its log broker should be started again, if its disk has room. */
  readonly logTrouble?: string;
}

/** Why the process is about to end. */
export interface FatalReport {
  readonly type: 'fatal';
  readonly message: string;
}

export type ReplicaMessage = ReplicaReport | FatalReport;

export function isReplicaMessage(message: unknown): message is ReplicaMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { type, state, message: text } = message as { type?: unknown; state?: unknown; message?: unknown };
  return (type === 'state' && typeof state === 'string') || (type === 'fatal' && typeof text === 'string');
}
