// What the parent tells a client process, and what it answers: one order at a time, one answer each.
import type { LoadResult, LoadSpec } from '../../src/cli/bench/load.js';
import type { Level, Mode } from '../../src/index.js';

/** A store to connect to. */
export type Target =
  | { side: 'dynats'; urls: readonly string[]; mode: Mode; bucket: string; level: Level }
  | { side: 'kv'; urls: readonly string[]; bucket: string }
  | { side: 'echo'; urls: readonly string[]; nodes: readonly string[]; bucket: string }
  | { side: 'raw'; urls: readonly string[]; nodes: readonly string[]; bucket: string };

/** One process may hold connections to several stores, each under a name. */
export type Order =
  | { do: 'connect'; name: string; target: Target; valueBytes: number; connections: number }
  | { do: 'fill'; name: string; from: number; to: number; concurrency: number }
  | { do: 'run'; name: string; spec: LoadSpec }
  | { do: 'close'; name: string };

export type Answer = { result: LoadResult | undefined } | { error: string };
