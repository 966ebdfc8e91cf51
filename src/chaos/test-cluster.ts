// What the faults need of a cluster. What it cannot do is absent, and so are the faults that need it.
import type { Part } from '../emulator/part.js';
import type { LoopDisks } from './disks.js';

export interface TestCluster {
  readonly nodes: readonly string[];
  /** URLs of the bus, in node order where it is known. */
  readonly urls: readonly string[];
  /** Whether an acknowledged entry is on disk: `sync: always`. Undefined when it is not known. */
  readonly isSynced: boolean | undefined;
  readonly processes?: Processes;
  readonly stores?: Stores;
  readonly clocks?: Clocks;
  readonly network?: Network;
  readonly disks?: LoopDisks;
  /** The user's own means: a command called as `COMMAND begin` and `COMMAND heal`. */
  readonly command?: (verb: 'begin' | 'heal') => Promise<void>;
  /** Of each node's running processes. */
  pids(): Promise<NodePids[]>;
  /** Ends what it started, and removes what it made. */
  close(): Promise<void>;
}

/** What stands between the nodes. */
export interface Network {
  /** Nothing that `from` sends reaches `to` any more, and nobody is told. */
  cut(from: string, to: string): void;
  /** Cut in both directions between every node of one side and every node of the other. */
  part(side: readonly string[], other: readonly string[]): void;
  /** What `from` sends reaches `to` so many milliseconds later. Absent where nothing can be slowed. */
  slow?(from: string, to: string, delayMs: number): void;
  /** All passes again. */
  heal(): void;
}

export interface NodePids {
  readonly node: string;
  readonly part: Part;
  readonly pid: number;
}

export interface Processes {
  kill(node: string, parts?: readonly Part[]): Promise<void>;
  pause(node: string, parts?: readonly Part[]): Promise<void>;
  /** Makes the node run: lets go on what is paused, starts what is missing. No failure when nothing is. */
  mend(node: string): Promise<void>;
}

export interface Stores {
  /** Directory of the node's JetStream store. Its log broker must not run when it is changed. */
  of(node: string): string;
  wipe(node: string): void;
}

export interface Clocks {
  /** From the next start of the node's replica on. */
  setOffset(node: string, offsetMs: number): void;
}
