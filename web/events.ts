// The timeline: what happened, newest first.
import type { TimelineEvent } from '../dist/src/cli/dashboard/view.js';
import { byId, html } from './elements.js';
import { clock } from './words.js';

const SHOWN_MAX = 100;

export const marks: Readonly<Record<TimelineEvent['kind'], { mark: string; tone: string; name: string }>> = {
  fault: { mark: '⚡', tone: 'bad', name: 'fault' },
  down: { mark: '✕', tone: 'bad', name: 'down' },
  up: { mark: '●', tone: 'ok', name: 'up' },
  state: { mark: '▲', tone: 'warn', name: 'state' },
  hints: { mark: '⚑', tone: 'warn', name: 'hints' },
  repair: { mark: '↻', tone: 'ok', name: 'repair' },
  relay: { mark: '◌', tone: 'quiet', name: 'connection' },
};

export function showEvents(events: readonly TimelineEvent[], isFirst: boolean): void {
  const list = byId('events');
  if (isFirst)
    list.replaceChildren(html('li', { class: 'empty' }, 'Nothing has happened since somebody looked.'));
  if (events.length === 0) return;
  list.querySelector('.empty')?.remove();
  list.prepend(
    ...events
      .map(({ at, kind, text }) => {
        const { mark, tone, name } = marks[kind];
        return html(
          'li',
          { 'data-kind': kind },
          html('time', {}, clock(at)),
          html(
            'span',
            { class: `event-mark ${tone}`, title: name },
            mark,
            html('span', { class: 'sr' }, name),
          ),
          html('span', {}, text),
        );
      })
      .reverse(),
  );
  while (list.childElementCount > SHOWN_MAX) list.lastElementChild?.remove();
}
