// When all is quiet again: every owner of a key holds the same, and that is the newest of all that was acknowledged or read.
// A tombstone and nothing are the same, since owners purge what is dead each in its own time.
import { Level } from '../model/level.js';
import type { Holding } from './history.js';
import { isMajority, type Quorums } from './meeting.js';
import { oldestNothing } from './nothing.js';
import { type Event, type KeyHistory, NOTHING } from './of-key.js';
import type { Violation } from './rules.js';
import { describe, show } from './show.js';

/** @param seen what reads are taken to have seen. */
export function checkEnd(
  history: KeyHistory,
  holdings: readonly Holding[],
  seen: ReadonlyMap<Event, number>,
  quorums: Quorums,
): Violation[] {
  if (holdings.length === 0) return [];
  const { key } = history;
  const found: Violation[] = [];
  const [first] = holdings;
  const odd = holdings.find(held => contentOf(held) !== (first && contentOf(first)));
  if (first !== undefined && odd !== undefined)
    found.push({
      rule: 'diverged',
      key,
      what: `${first.owner} holds ${show(first)}, ${odd.owner} ${show(odd)}`,
      operations: sourcesOf(history, [first, odd]),
      holdings: [first, odd],
    });
  for (const held of holdings)
    if (held.value !== undefined && !history.putOf.has(held.value))
      found.push({
        rule: 'phantom',
        key,
        what: `${held.owner} holds ${show(held)}, which nobody wrote, unless it was refused`,
        operations: [],
        holdings: [held],
      });
  const newest = newestSure(history, seen, quorums);
  if (newest === undefined) return found;
  const held = newestHeld(history, holdings, newest.rank);
  if (held.rank < newest.rank) {
    const wasDeleted = newest.event.op.value === undefined;
    found.push({
      rule: wasDeleted && held.holding?.value !== undefined ? 'resurrected' : 'lost',
      key,
      what: `${describe(newest.event.op)} had ${show(newest.event.op)}; in the end the owners hold ${held.holding === undefined ? 'nothing' : show(held.holding)}`,
      operations: [newest.event.op],
      holdings,
    });
  }
  return found;
}

function contentOf({ version, value }: Holding): string {
  return value === undefined ? 'nothing' : JSON.stringify([version, value]);
}

function sourcesOf({ putOf }: KeyHistory, holdings: readonly Holding[]): Violation['operations'] {
  return holdings.flatMap(({ value }) => (value === undefined ? [] : (putOf.get(value)?.op ?? [])));
}

/** The newest of what must be there in the end. */
function newestSure(
  { writes, reads }: KeyHistory,
  seen: ReadonlyMap<Event, number>,
  { disksLost, replicationFactor }: Quorums,
): { event: Event; rank: number } | undefined {
  let newest: { event: Event; rank: number } | undefined;
  for (const event of [...writes, ...reads]) {
    const { level, kind, outcome } = event.op;
    if (outcome !== 'ok' || level === Level.Any) continue;
    if ((disksLost || kind === 'get') && !isMajority(level, replicationFactor)) continue;
    const rank = event.rank ?? seen.get(event) ?? NOTHING;
    if (rank > (newest?.rank ?? NOTHING)) newest = { event, rank };
  }
  return newest;
}

function newestHeld(
  history: KeyHistory,
  holdings: readonly Holding[],
  floor: number,
): { holding: Holding | undefined; rank: number } {
  let newest: { holding: Holding | undefined; rank: number } = { holding: undefined, rank: NOTHING };
  for (const holding of holdings) {
    const { version, value } = holding;
    if (version === null) continue;
    const rank = history.rankOf(version, value === undefined);
    if (rank > newest.rank) newest = { holding, rank };
  }
  if (newest.holding?.value === undefined) {
    // Purged: whatever delete may have been the last.
    const purged = oldestNothing(history, floor, Infinity);
    if (purged !== undefined && purged > newest.rank) return { holding: newest.holding, rank: purged };
  }
  return newest;
}
