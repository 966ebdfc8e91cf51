// The list of sampled requests: who coordinated, what each owner did and when.
import type { RequestView } from '../dist/src/cli/dashboard/view.js';
import { classOf } from './colors.js';
import { byId, html } from './elements.js';
import { clock, duration, short } from './words.js';

const SHOWN_MAX = 40;
/** That much behind the answer an owner is late; less is how a level below ALL works. In milliseconds. */
const LATE_MS = 20;

type Receipt = RequestView['receipt'];
type Owner = Receipt['owners'][number];

export interface Fate {
  readonly tone: 'ok' | 'after' | 'warn' | 'bad' | 'quiet';
  readonly mark: string;
  readonly words: string;
}

/** What an owner did of a request: in time, after the answer, or not. */
export function fateOf(owner: Owner, receipt: Receipt): Fate {
  const { state, tookMs } = owner;
  if (state === 'acked' || state === 'answered') {
    const took = tookMs === undefined ? '' : ` ${duration(tookMs)}`;
    const behindMs = (tookMs ?? 0) - receipt.tookMs;
    if (owner.repair !== undefined)
      return { tone: 'warn', mark: '↻', words: `stale, repair ${owner.repair}${took}` };
    if (behindMs > LATE_MS) return { tone: 'warn', mark: '◷', words: `${state} late:${took}` };
    return behindMs > 0
      ? { tone: 'after', mark: '⋯', words: `${state} after the answer:${took}` }
      : { tone: 'ok', mark: '✓', words: `${state} in${took}` };
  }
  if (state === 'not-asked') return { tone: 'quiet', mark: '–', words: 'not asked' };
  if (state === 'not-readable') return { tone: 'quiet', mark: '–', words: 'serves no reads now' };
  const words = { waiting: 'no answer within a second', failed: 'failed', down: 'down' }[state];
  return { tone: 'bad', mark: '✕', words };
}

export function showRequests(requests: readonly RequestView[], isFirst: boolean): void {
  const list = byId('requests');
  if (isFirst) list.replaceChildren(html('li', { class: 'empty' }, 'None yet: try dynats put 137 hello'));
  if (requests.length === 0) return;
  list.querySelector('.empty')?.remove();
  list.prepend(...requests.map(rowOf).reverse());
  while (list.childElementCount > SHOWN_MAX) list.lastElementChild?.remove();
}

function rowOf({ node, at, receipt }: RequestView): HTMLLIElement {
  const { kind, key, level, met, tookMs, owners, hints } = receipt;
  const chips = owners.map(owner => {
    const { tone, mark, words } = fateOf(owner, receipt);
    return html(
      'span',
      { class: `chip ${tone} ${classOf(owner.node)}`, title: `${owner.node}: ${words}` },
      html('i', { class: 'dot' }),
      `${owner.node} ${mark}`,
      html('span', { class: 'sr' }, words),
    );
  });
  const kept = hints.map(({ target, holder, state }) =>
    html(
      'span',
      { class: 'chip warn', title: `hint for ${target}: ${state}` },
      `⚑ ${target}${holder === undefined ? ' refused' : ` at ${holder}`}`,
    ),
  );
  return html(
    'li',
    { class: met ? '' : 'failed' },
    html('time', {}, clock(at)),
    html('b', { class: 'verb' }, kind),
    html('code', { title: key }, short(key, 18)),
    html('span', { class: 'level' }, level),
    html('span', { class: 'took' }, met ? duration(tookMs) : 'failed'),
    html(
      'span',
      { class: 'path' },
      html('span', { class: `via ${classOf(node)}` }, `${node} →`),
      ...chips,
      ...kept,
    ),
    met ? undefined : html('span', { class: 'why' }, receipt.why),
  );
}
