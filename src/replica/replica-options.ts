// What a replica is made of.
import type { Ring } from '../model/ring.js';
import type { Bus, Clock, Logger, Random, ReplicaLog } from '../ports.js';
import type { WireRecord } from '../wire/generated/types.js';

export interface ReplicaOptions {
  readonly node: string;
  readonly peers: readonly string[];
  readonly bus: Bus;
  readonly log: ReplicaLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The cluster is being made now: a missing log is a new one unless a peer remembers it. */
  readonly isNewCluster: boolean;
  /** The ring of a bucket; undefined for a bucket that is not defined. */
  readonly ringOf: (bucket: string) => Ring | undefined;
  /** Whether a life of a bucket is over: nothing of it is held any more. Default: none ever is. */
  readonly isOver?: (life: string) => boolean;
  /** Called for each record in the log, once or more. */
  readonly onRecord?: (record: WireRecord) => void;
  /** Called for the records of each entry, to keep the node's clock ahead of what it stored. */
  readonly onTimes: (records: readonly WireRecord[]) => void;
  readonly onState: () => void;
}
