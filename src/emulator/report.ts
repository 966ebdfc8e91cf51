// What an emulator answers: in the process that owns it and, as JSON, over its control socket.
import type { ClusterDefinition, ReplicaState } from '../wire/generated/types.js';
import type { ProcessView } from './node-processes.js';
import type { BrokerMode, SyncMode } from './options.js';
import type { Part } from './part.js';
import type { ReplicaReport } from './replica-message.js';

export interface NodeReport {
  readonly bus: ProcessView;
  readonly log: ProcessView;
  readonly replica: ProcessView;
  readonly logUrl: string;
  /** What the replica last said, while it runs. */
  readonly report?: ReplicaReport;
}

/** Nothing that `from` sends reaches `to`. */
export interface Cut {
  readonly from: string;
  readonly to: string;
}

export interface EmulatorReport {
  /** The process that owns the emulator. */
  readonly pid: number;
  readonly cluster: ClusterDefinition;
  readonly broker: BrokerMode;
  readonly sync: SyncMode;
  readonly urls: readonly string[];
  /** First of the ports for metrics; undefined where none are served. */
  readonly metricsPort?: number;
  readonly nodes: Readonly<Record<string, NodeReport>>;
  /** What is cut between nodes; undefined where nothing can be. */
  readonly cuts?: readonly Cut[];
}

/** After kill, pause and resume. */
export interface Ended {
  /** The parts it was done to. */
  readonly parts: readonly Part[];
  /** How many other nodes run and could notice. */
  readonly observers: number;
  /** Whether all of them did within the limit. */
  readonly noticed: boolean;
  /** How long that took, milliseconds from the call. */
  readonly tookMs: number;
}

/** After cut and heal. */
export interface Linked {
  /** What was cut or healed. */
  readonly ways: readonly Cut[];
  /** Whether those who hear nothing any more, or again, said so within the limit. */
  readonly noticed: boolean;
  /** How long that took, milliseconds from the call. */
  readonly tookMs: number;
}

export interface Restarted {
  readonly parts: readonly Part[];
  readonly state: ReplicaState;
  /** Why it is recovering. */
  readonly reason?: string;
  readonly tookMs: number;
}
