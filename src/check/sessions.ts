// At any level, within one session: no read is older than what the session wrote, acknowledged, or read before.

import { ruleBroken, withSources } from './freshness.js';
import { HistoryError } from './history.js';
import { oldestNothing } from './nothing.js';
import { type Event, type KeyHistory, NOTHING } from './of-key.js';
import type { Violation } from './rules.js';
import { describe, show } from './show.js';

export function checkSessions(history: KeyHistory): Violation[] {
  const ofSession = new Map<string, Event[]>();
  for (const event of [...history.writes, ...history.reads]) {
    const { session, client, outcome } = event.op;
    if (session === undefined || outcome !== 'ok') continue;
    const name = JSON.stringify([client, session]);
    const known = ofSession.get(name);
    if (known === undefined) ofSession.set(name, [event]);
    else known.push(event);
  }
  return [...ofSession.values()].flatMap(events => checkSession(history, events));
}

function checkSession(history: KeyHistory, events: Event[]): Violation[] {
  const found: Violation[] = [];
  let lastEnd = -Infinity;
  let newest: { event: Event; rank: number } | undefined;
  for (const event of events.sort((a, b) => a.start - b.start)) {
    if (event.start < lastEnd)
      throw new HistoryError(
        `key ${history.key}: ${describe(event.op)} starts while another of its session is under way`,
      );
    lastEnd = event.end;
    const floor = newest?.rank ?? NOTHING;
    const isRead = event.op.kind === 'get';
    const rank = event.rank ?? (isRead ? oldestNothing(history, floor, event.end) : undefined);
    if (isRead && newest !== undefined && (rank ?? NOTHING) < floor) {
      const broken = ruleBroken(event, newest.event);
      const ofSession = newest.event.op.kind === 'get' ? 'session-read' : 'session-write';
      found.push({
        rule: broken === 'resurrected' ? broken : ofSession,
        key: history.key,
        what: `${describe(event.op)} found ${show(event.op)}, after ${describe(newest.event.op)} of ${show(newest.event.op)} in the same session`,
        operations: withSources(history, event, newest),
        holdings: [],
      });
    }
    if (rank !== undefined && (newest === undefined || rank > newest.rank)) newest = { event, rank };
  }
  return found;
}
