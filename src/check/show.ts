// Operations in words, for the sentences of violations.
import type { Holding, Operation } from './history.js';

/** `get at 12.5 by c1`. */
export function describe({ kind, startedAtMs, endedAtMs, client, outcome }: Operation): string {
  const end = outcome === 'unknown' ? 'unknown' : endedAtMs.toFixed(1);
  return `the ${kind} of ${client} (${startedAtMs.toFixed(1)} to ${end} ms)`;
}

/** What it wrote or found. */
export function show({ version, value, kind }: Operation | Holding): string {
  if (kind === 'delete') return version === null ? 'a tombstone' : `the tombstone ${version}`;
  if (value === undefined) return version === null ? 'nothing' : `nothing (${version})`;
  return version === null ? JSON.stringify(value) : `${JSON.stringify(value)} (${version})`;
}
