// What the cases do to a store, whoever's it is: Dynats or JetStream KV, each on disks of its own.

import type { Store } from '../../src/cli/bench/load.js';
import type { SyncMode } from '../../src/emulator/options.js';

export interface SideOptions {
  readonly sync: SyncMode;
  readonly nodes: number;
}

export interface Side {
  readonly nodes: number;
  connect(): Promise<Store[]>;
  kill(node: number): Promise<void>;
  /** Starts what was killed, and lets go on what was paused. */
  mend(node: number): Promise<void>;
  pause(node: number): Promise<void>;
  /** What was not fsynced is gone. All of the node's processes end with it. */
  losePower(nodes: readonly number[]): Promise<void>;
  /** Of a node that does not run: flips one bit in the middle of its data. */
  flipBit(node: number): Promise<void>;
  /** Of a node that does not run: cuts its data in half. */
  truncate(node: number): Promise<void>;
  /** Of a node that does not run: deletes all it has. */
  wipe(node: number): Promise<void>;
  /** A node that matters for the data: a holder; the leader, where there is one. */
  holder(): Promise<number>;
  /** Only for a side with proxies between its nodes. */
  cut?(node: number): void;
  healNetwork?(): void;
  setClock?(node: number, offsetMs: number): Promise<void>;
  /** Resolves when every node is there and whole again, or after the limit; to whether it is. */
  whole(limitMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

export type StartSide = (options: SideOptions) => Promise<Side>;
