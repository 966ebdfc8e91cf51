// W + R > RF: no read is older than a write that was acknowledged, or a read above ONE that was answered, before it began. By
// versions: of two writes the larger version wins, whichever was called later. One pass over the sorted history.
import { meets, type Quorums } from './meeting.js';
import { oldestNothing } from './nothing.js';
import { type Event, type KeyHistory, NOTHING } from './of-key.js';
import type { Rule, Violation } from './rules.js';
import { describe, show } from './show.js';

export interface Freshness {
  readonly violations: readonly Violation[];
  /** What each read is taken to have seen. */
  readonly seen: ReadonlyMap<Event, number>;
}

/** An operation and the version it wrote, or is taken to have seen. */
interface Ranked {
  readonly event: Event;
  readonly rank: number;
}

export function checkFreshness(history: KeyHistory, quorums: Quorums): Freshness {
  const seen = new Map<Event, number>();
  const violations: Violation[] = [];
  const acked = history.writes.filter(({ op, rank }) => op.outcome === 'ok' && rank !== undefined);
  const ended = [...acked, ...history.reads].sort((a, b) => a.end - b.end);
  const reads = [...history.reads].sort((a, b) => a.start - b.start);
  const newest = new Newest();
  let next = 0;
  for (const read of reads) {
    for (; next < ended.length; next++) {
      const event = ended[next];
      if (event === undefined || event.end >= read.start) break;
      // Reads that ended began before this one, so what they saw is known.
      newest.add(event, event.rank ?? seen.get(event) ?? NOTHING);
    }
    const floor = newest.before(read, quorums);
    const rank = read.rank ?? oldestNothing(history, floor?.rank ?? NOTHING, read.end);
    seen.set(read, rank ?? NOTHING);
    if (floor !== undefined && (rank ?? NOTHING) < floor.rank)
      violations.push(violation(history, read, floor));
  }
  return { violations, seen };
}

/** The newest of what has ended, for each kind and level. */
class Newest {
  private readonly byKind = new Map<string, Ranked>();

  add(event: Event, rank: number): void {
    const { kind, level, zone = '' } = event.op;
    const name = `${kind === 'get'} ${level} ${zone}`;
    const known = this.byKind.get(name);
    if (known === undefined || known.rank < rank) this.byKind.set(name, { event, rank });
  }

  before(read: Event, quorums: Quorums): Ranked | undefined {
    let newest: Ranked | undefined;
    for (const candidate of this.byKind.values())
      if (
        (newest === undefined || candidate.rank > newest.rank) &&
        meets(candidate.event.op, read.op, quorums)
      )
        newest = candidate;
    return newest;
  }
}

function violation(history: KeyHistory, read: Event, newer: Ranked): Violation {
  const { op } = newer.event;
  const what = `${describe(read.op)} found ${show(read.op)}, though ${describe(op)} of ${show(op)} had ended`;
  return {
    rule: ruleBroken(read, newer.event),
    key: history.key,
    what,
    operations: withSources(history, read, newer),
    holdings: [],
  };
}

export function ruleBroken(read: Event, newer: Event): Rule {
  const wasDeleted = newer.op.kind === 'delete' || (newer.op.kind === 'get' && newer.op.value === undefined);
  if (wasDeleted && read.op.value !== undefined) return 'resurrected';
  return newer.op.kind === 'get' ? 'backwards' : 'stale';
}

/** The two, and the writes of what was read: without them one would ask where it came from. */
export function withSources(history: KeyHistory, read: Event, newer: Ranked): Violation['operations'] {
  const events = new Set([
    ...sourcesOf(history, { event: read, rank: NOTHING }),
    ...sourcesOf(history, newer),
  ]);
  return [...events.add(newer.event).add(read)].sort((a, b) => a.start - b.start).map(({ op }) => op);
}

function sourcesOf({ putOf, deletes, strayDeletes }: KeyHistory, { event, rank }: Ranked): readonly Event[] {
  const { kind, value } = event.op;
  if (kind !== 'get') return [];
  if (value !== undefined) return [putOf.get(value) ?? []].flat();
  if (rank === NOTHING) return [];
  const seen = deletes.find(other => other.rank === rank);
  return seen === undefined ? strayDeletes.slice(0, 1) : [seen];
}
