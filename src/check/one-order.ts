// Whether the reads and writes of a key at QUORUM can be put in one order, by values. What is promised is an order by versions,
// so two kinds of write are left out, which a register would have to show: one acknowledged though something newer had been
// before it began (it is older, for ever: GUARANTEES, "Which write wins"), and one whose version nobody learnt.

import assert from 'node:assert/strict';
import { isMajority } from './meeting.js';
import { type Event, type KeyHistory, NOTHING } from './of-key.js';
import type { Violation } from './rules.js';
import { describe, show } from './show.js';
import { type Interval, isLinearizable, type RegisterAction, register } from './wgl.js';
import { type Cluster, conflict } from './zones.js';

export interface OneOrder {
  readonly violation: Violation | undefined;
  /** Operations that were judged. */
  readonly judged: number;
  /** Acknowledged writes that were older than what had been there before they began: not promised to be seen. */
  readonly overtaken: number;
}

/** A write, or undefined for the initial state, and the reads that returned it. */
interface Group {
  readonly write: Event | undefined;
  readonly reads: readonly Event[];
}

interface Filling extends Group {
  readonly reads: Event[];
}

interface OfGroup extends Cluster {
  readonly group: Group;
}

export function checkOneOrder(
  history: KeyHistory,
  seen: ReadonlyMap<Event, number>,
  replicationFactor: number,
): OneOrder {
  const { groups, overtaken } = groupsOf(history, seen, replicationFactor);
  const judged = groups.reduce(
    (sum, { write, reads }) => sum + reads.length + (write === undefined ? 0 : 1),
    0,
  );
  const pair = conflict(groups.map(group => clusterOf(group, replicationFactor)));
  if (pair === undefined) return { judged, overtaken, violation: undefined };
  const least = leastConflict(
    pair.map(({ group }) => group),
    replicationFactor,
  );
  const secondOpinion = isLinearizable(
    register,
    least.flatMap(group => intervals(group, replicationFactor)),
  );
  assert(secondOpinion === 'no', `zones and search differ over key ${history.key}`);
  return { judged, overtaken, violation: violation(history.key, least) };
}

/** What of the history the zones judge, as actions on a register: for a second opinion. */
export function intervalsOf(
  history: KeyHistory,
  seen: ReadonlyMap<Event, number>,
  replicationFactor: number,
): Interval<RegisterAction>[] {
  return groupsOf(history, seen, replicationFactor).groups.flatMap(group =>
    intervals(group, replicationFactor),
  );
}

function groupsOf(
  { writes, reads, putOf }: KeyHistory,
  seen: ReadonlyMap<Event, number>,
  replicationFactor: number,
): { groups: Group[]; overtaken: number } {
  const judgedReads = reads.filter(({ op }) => isMajority(op.level, replicationFactor));
  const late = overtakenWrites(writes, judgedReads, seen, replicationFactor);
  const ofWrite = new Map<Event, Filling>();
  const ofRank = new Map<number, Filling>();
  for (const write of writes) {
    if (write.rank === undefined || late.has(write)) continue;
    const group: Filling = { write, reads: [] };
    ofWrite.set(write, group);
    if (write.op.kind === 'delete') ofRank.set(write.rank, group);
  }
  const initial: Filling = { write: undefined, reads: [] };
  for (const read of judgedReads) {
    const { value } = read.op;
    const rank = read.rank ?? seen.get(read) ?? NOTHING;
    if (value === undefined) (rank === NOTHING ? initial : ofRank.get(rank))?.reads.push(read);
    else {
      const put = putOf.get(value);
      if (put !== undefined) ofWrite.get(put)?.reads.push(read);
    }
  }
  return {
    groups: [initial, ...ofWrite.values()],
    overtaken: [...late].filter(({ op }) => op.outcome === 'ok').length,
  };
}

/** Writes that are older than something that had ended before they began. */
function overtakenWrites(
  writes: readonly Event[],
  reads: readonly Event[],
  seen: ReadonlyMap<Event, number>,
  replicationFactor: number,
): Set<Event> {
  const ended = [...writes.filter(write => sureEnd(write, replicationFactor) < Infinity), ...reads].sort(
    (a, b) => a.end - b.end,
  );
  const found = new Set<Event>();
  let newest = NOTHING;
  let next = 0;
  for (const write of [...writes].sort((a, b) => a.start - b.start)) {
    for (; next < ended.length; next++) {
      const event = ended[next];
      if (event === undefined || event.end >= write.start) break;
      newest = Math.max(newest, event.rank ?? seen.get(event) ?? NOTHING);
    }
    if (write.rank !== undefined && write.rank < newest) found.add(write);
  }
  return found;
}

/** From when on a write must be seen: never, when its outcome is unknown or fewer owners acknowledged it than every read meets. */
function sureEnd(event: Event, replicationFactor: number): number {
  return isMajority(event.op.level, replicationFactor) ? event.end : Infinity;
}

function clusterOf(group: Group, replicationFactor: number): OfGroup {
  const { write, reads } = group;
  let minEnd = write === undefined ? -Infinity : sureEnd(write, replicationFactor);
  let maxStart = write?.start ?? -Infinity;
  for (const { start, end } of reads) {
    if (end < minEnd) minEnd = end;
    if (start > maxStart) maxStart = start;
  }
  return { minEnd, maxStart, group };
}

/** The groups with no more reads than it takes: of each the first to end and the last to start, and those only if needed. */
function leastConflict(groups: readonly Group[], replicationFactor: number): readonly Group[] {
  const conflicts = (some: readonly Group[]): boolean =>
    conflict(some.map(group => clusterOf(group, replicationFactor))) !== undefined;
  let least = groups.map(({ write, reads }) => ({ write, reads: extremes(reads) }));
  for (const read of least.flatMap(({ reads }) => reads)) {
    const without = least.map(({ write, reads }) => ({
      write,
      reads: reads.filter(other => other !== read),
    }));
    if (conflicts(without)) least = without;
  }
  return least;
}

function extremes(reads: readonly Event[]): Event[] {
  const [head, ...rest] = reads;
  if (head === undefined) return [];
  const first = rest.reduce((best, read) => (read.end < best.end ? read : best), head);
  const last = rest.reduce((best, read) => (read.start > best.start ? read : best), head);
  return [...new Set([first, last])];
}

function intervals({ write, reads }: Group, replicationFactor: number): Interval<RegisterAction>[] {
  const value = write === undefined ? '' : `${write.op.kind} ${write.op.value ?? write.rank}`;
  const all = reads.map(
    ({ start, end }): Interval<RegisterAction> => ({ action: { kind: 'read', value }, start, end }),
  );
  if (write !== undefined)
    all.push({
      action: { kind: 'write', value },
      start: write.start,
      end: sureEnd(write, replicationFactor),
    });
  return all;
}

function violation(key: string, groups: readonly Group[]): Violation {
  const events = groups.flatMap(({ write, reads }) => [...(write === undefined ? [] : [write]), ...reads]);
  const operations = events.sort((a, b) => a.start - b.start).map(({ op }) => op);
  const [a, b] = groups.map(({ write }) => (write === undefined ? 'nothing' : show(write.op)));
  return {
    rule: 'linearizable',
    key,
    what: `${a} must come before ${b}, and ${b} before ${a}: ${operations.map(describe).join(', ')}`,
    operations,
    holdings: [],
  };
}
