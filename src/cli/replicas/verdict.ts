// Compares the copies of one key: which is the newest, and who differs from it. Pure.
import { compareRecords } from '../../model/record.js';
import type { WireRecord } from '../../wire/generated/types.js';

/** How a node's copy stands to the newest one. */
export const CopyVerdict = {
  Newest: 'newest',
  Older: 'older',
  Missing: 'missing',
  /** The node is no owner of the key and should hold nothing. */
  NotAnOwner: 'not an owner',
  /** The node could not be asked. */
  Unknown: 'unknown',
} as const;
export type CopyVerdict = (typeof CopyVerdict)[keyof typeof CopyVerdict];

export const KeyVerdict = { InSync: 'in sync', Diverged: 'diverged', Missing: 'missing' } as const;
export type KeyVerdict = (typeof KeyVerdict)[keyof typeof KeyVerdict];

export interface Comparison {
  verdict: KeyVerdict;
  newest: WireRecord | undefined;
  /** Each owner in order, then the others that hold a copy. */
  nodes: ReadonlyMap<string, CopyVerdict>;
}

export function newestOf(records: Iterable<WireRecord>): WireRecord | undefined {
  let newest: WireRecord | undefined;
  for (const record of records)
    if (newest === undefined || compareRecords(record, newest) > 0) newest = record;
  return newest;
}

/** @param asked the nodes whose answer is in `copies`; an owner beyond them is unknown and no difference. */
export function compareCopies(
  owners: readonly string[],
  asked: ReadonlySet<string>,
  copies: ReadonlyMap<string, WireRecord>,
): Comparison {
  const newest = newestOf(copies.values());
  const nodes = new Map<string, CopyVerdict>();
  for (const owner of owners)
    nodes.set(owner, asked.has(owner) ? ownerVerdict(copies.get(owner), newest) : CopyVerdict.Unknown);
  for (const node of copies.keys()) if (!owners.includes(node)) nodes.set(node, CopyVerdict.NotAnOwner);
  const differs = [...nodes.values()].some(
    verdict => verdict !== CopyVerdict.Newest && verdict !== CopyVerdict.Unknown,
  );
  const verdict =
    newest === undefined ? KeyVerdict.Missing : differs ? KeyVerdict.Diverged : KeyVerdict.InSync;
  return { verdict, newest, nodes };
}

function ownerVerdict(copy: WireRecord | undefined, newest: WireRecord | undefined): CopyVerdict {
  if (copy === undefined || newest === undefined) return CopyVerdict.Missing;
  return compareRecords(copy, newest) < 0 ? CopyVerdict.Older : CopyVerdict.Newest;
}

/** The nodes that differ, in words: `missing on n2, older on n3`. */
export function differencesOf({ nodes }: Comparison): string {
  return [...nodes]
    .filter(([, verdict]) => verdict !== CopyVerdict.Newest && verdict !== CopyVerdict.Unknown)
    .map(([node, verdict]) =>
      verdict === CopyVerdict.NotAnOwner ? `on ${node}, which is no owner` : `${verdict} on ${node}`,
    )
    .join(', ');
}
