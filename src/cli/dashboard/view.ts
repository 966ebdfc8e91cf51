// What the dashboard shows: what a feed tells, in the page itself or in the relay, and what the server of the page does.
import type { PageAccess } from '../../emulator/page-access.js';
import type { Receipt } from '../../wire/generated/types.js';

/** A node as it was at the last look. */
export interface NodeView {
  readonly node: string;
  readonly zone: string | null;
  /**
   * `up` answers. Of a local emulator it is known of those that do not whether they hang (`paused`), or run and cannot be
   * reached from the broker that is looked from (`unreachable`); elsewhere they are `down`.
   */
  readonly life: 'up' | 'paused' | 'unreachable' | 'down';
  /** What the replica says of itself; null when it does not answer. */
  readonly state: 'serving' | 'catching-up' | 'recovering' | null;
  readonly reason: string | null;
  readonly uptimeMs: number | null;
  readonly keys: number | null;
  /** Last entry stored in the log, and up to which it is folded into memory. */
  readonly stored: number | null;
  readonly applied: number | null;
  readonly logBytes: number | null;
  /** Hint entries it holds, by target; and that the others which answer hold for it. */
  readonly hintsHeld: Readonly<Record<string, number>> | null;
  readonly hintsOwed: number;
  readonly broker: { readonly name: string; readonly version: string; readonly url: string } | null;
  readonly stream: string | null;
  readonly version: string | null;
  readonly antiEntropy: {
    readonly rounds: number;
    readonly fetched: number;
    readonly sent: number;
    readonly running: { readonly done: number; readonly total: number } | null;
  } | null;
  /** The nodes that it holds for down; null when it does not answer. */
  readonly seesDown: readonly string[] | null;
  /** Of a local emulator: what each process does. */
  readonly processes: Readonly<Record<'bus' | 'log' | 'replica', string>> | null;
}

export interface View {
  /** Milliseconds since 1970, by the relay's clock, as everywhere here. */
  readonly at: number;
  /** Whether a node answered at the last look. */
  readonly isConnected: boolean;
  /** Why none did, and what to do; null when connected. */
  readonly why: string | null;
  /** How it is known: by the page's own connection to the broker of that name, or by the server of the page. */
  readonly via: { readonly way: 'broker' | 'relay'; readonly broker: string | null };
  /** Of a local emulator: ways between nodes that are cut; null where none can be. */
  readonly cuts: readonly { readonly from: string; readonly to: string }[] | null;
  readonly servers: readonly string[];
  readonly cluster: {
    readonly name: string;
    readonly replicationFactor: number;
    readonly partitioner: string;
    readonly buckets: readonly string[];
  } | null;
  readonly nodes: readonly NodeView[];
  /** Whether faults can be made: on the emulator of this machine. */
  readonly canFault: boolean;
}

/** Latency percentiles, in milliseconds, of what was answered between two looks. */
export interface LatencyPoint {
  readonly kind: 'write' | 'read';
  readonly level: string;
  readonly answered: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What happened between two looks, each a number a second unless it says otherwise. */
export interface Point {
  readonly at: number;
  readonly writes: number;
  readonly reads: number;
  readonly failed: number;
  /** Log entries stored, on all nodes. */
  readonly entries: number;
  readonly readRepairs: number;
  /** Records that anti-entropy moved. */
  readonly antiEntropy: number;
  /** Rounds of anti-entropy that ended since the last look, on all nodes; and comparisons left of those under way: numbers. */
  readonly rounds: number;
  readonly comparisonsLeft: number;
  /** Hint entries delivered. */
  readonly hintsDelivered: number;
  /** Hint entries held by all nodes: a number, not a rate. */
  readonly hintsHeld: number;
  readonly latency: readonly LatencyPoint[];
}

export type EventKind = 'fault' | 'down' | 'up' | 'state' | 'hints' | 'repair' | 'relay';

export interface TimelineEvent {
  readonly sequence: number;
  readonly at: number;
  readonly kind: EventKind;
  readonly node: string | null;
  readonly text: string;
}

/** A request that a node coordinated and took as a sample. */
export interface RequestView {
  readonly node: string;
  readonly at: number;
  readonly receipt: Receipt;
}

/** What a page is told first; later come `view`, `point`, `event` and `requests` by themselves. */
export interface Hello {
  readonly view: View;
  readonly points: readonly Point[];
  readonly events: readonly TimelineEvent[];
  readonly requests: readonly RequestView[];
}

export interface RingView {
  readonly bucket: string;
  readonly partitioner: string;
  readonly replicationFactor: number;
  readonly tokens: number;
  /** Ranges of tokens with their owners; with `isSampled`, equal slices with the owners of their first token. */
  readonly slices: readonly {
    readonly from: number;
    readonly to: number;
    readonly owners: readonly string[];
  }[];
  readonly isSampled: boolean;
  /** Ranges there are in truth. */
  readonly ranges: number;
  /** Share of all tokens, 0 to 1, of which the node is the first owner, and one of the owners. */
  readonly shares: Readonly<Record<string, { readonly first: number; readonly any: number }>>;
}

export interface KeyView {
  readonly bucket: string;
  readonly key: string;
  readonly token: number;
  readonly owners: readonly string[];
  readonly verdict: 'in sync' | 'diverged' | 'missing';
  readonly copies: readonly {
    readonly node: string;
    readonly verdict: 'newest' | 'older' | 'missing' | 'not an owner' | 'unknown';
    /** `time@writer`; null when it holds nothing, or could not be asked. */
    readonly version: string | null;
    /** It serves, as the others say, but gave no answer in time: it is loaded, or hangs. Its verdict is `unknown`. */
    readonly isLate: boolean;
    readonly isDeleted: boolean;
    /** The beginning of its value. */
    readonly value: string | null;
    readonly writtenAt: number | null;
  }[];
}

/** With what the page may connect to the brokers, or why it may not. */
export type Access =
  | {
      readonly access: PageAccess;
      /** Those of its servers whose bus server runs, as far as is known. */
      readonly running: readonly string[];
      readonly why: null;
    }
  | { readonly access: null; readonly why: string };

export type FaultAction = 'kill' | 'pause' | 'resume' | 'restart' | 'cut' | 'heal';

export interface FaultRequest {
  readonly action: FaultAction;
  /** With `heal` left out: all links. */
  readonly node?: string;
  /** Of `cut` and `heal`: the other end; default all other nodes. */
  readonly other?: string;
  /** Of `kill` and `pause`; default the whole node. */
  readonly part?: 'bus' | 'log' | 'replica';
}
