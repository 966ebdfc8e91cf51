// What a node's core is made with, and what it tells of itself.
import type { Bus, Clock, HintStream, Logger, Random, ReplicaLog, Tracer } from '../ports.js';
import type { AntiEntropySettings } from '../replica/anti-entropy.js';
import type { CompactionSettings } from '../replica/compaction.js';
import type {
  BrokerAddress,
  ClusterDefinition,
  HintSettings,
  ReplicaState,
  StatusReply,
} from '../wire/generated/types.js';

export interface NodeState {
  readonly state: ReplicaState;
  /** While catching up: entries read, and all there are to read. */
  readonly applied?: number;
  readonly total?: number;
  /** Why it is recovering. */
  readonly reason?: string;
  /** Why its log is of no use though its broker is there: whoever can should start that again. */
  readonly logTrouble?: string;
}

export interface NodeCoreOptions {
  readonly node: string;
  readonly cluster: ClusterDefinition;
  /** Start time of this process, in milliseconds since 1970. */
  readonly incarnation: number;
  readonly bus: Bus;
  readonly log: ReplicaLog;
  readonly hints: HintStream;
  /** The hints that another node holds. */
  readonly hintsOf: (holder: string) => HintStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where somebody traces. */
  readonly tracer?: Tracer | undefined;
  readonly broker: () => StatusReply['broker'];
  /** Where others can reach the log broker itself; default nowhere. */
  readonly brokerAddress?: () => BrokerAddress | undefined;
  readonly isNewCluster: boolean;
  readonly heartbeatMs?: number | undefined;
  readonly maxClockSkewMs?: number | undefined;
  /** What holds of the hints unless it was set at run time. */
  readonly hintSettings?: Partial<HintSettings> | undefined;
  readonly compaction?: Partial<CompactionSettings> | undefined;
  readonly antiEntropy?: Partial<AntiEntropySettings> | undefined;
  readonly onState: (state: NodeState) => void;
  /** Another process has this node's name and started earlier. */
  readonly onTwin: () => void;
}
