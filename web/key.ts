// What became of a key: where it belongs, what each owner holds, and whether they agree.
import type { KeyView } from '../dist/src/cli/dashboard/view.js';
import { classOf } from './colors.js';
import { byId, html } from './elements.js';
import { clock, count } from './words.js';

interface Verdict {
  readonly tone: 'ok' | 'warn' | 'bad' | 'quiet';
  readonly mark: string;
  readonly words: string;
}

/** Owners that could not be asked take from what can be said. */
function verdictOf({ verdict, copies, owners }: KeyView): Verdict {
  const unknown = copies.filter(copy => copy.verdict === 'unknown').map(({ node }) => node);
  const without = unknown.length === 0 ? '' : `, as far as can be seen without ${unknown.join(', ')}`;
  if (verdict === 'diverged') return { tone: 'bad', mark: '▲', words: `diverged: owners differ${without}` };
  if (unknown.length === owners.length)
    return { tone: 'quiet', mark: '?', words: 'unknown: no owner could be asked' };
  if (verdict === 'missing')
    return { tone: 'quiet', mark: '–', words: `missing: no owner holds it${without}` };
  return unknown.length === 0
    ? { tone: 'ok', mark: '✓', words: 'in sync: all owners hold the same' }
    : { tone: 'warn', mark: '✓', words: `in sync${without}` };
}

const marks = { newest: '✓', older: '▲', missing: '✕', 'not an owner': '?', unknown: '?' } as const;
const tones = {
  newest: 'ok',
  older: 'warn',
  missing: 'bad',
  'not an owner': 'warn',
  unknown: 'quiet',
} as const;

export function showKey(view: KeyView): void {
  const { tone, mark, words } = verdictOf(view);
  byId('key-result').replaceChildren(
    html('p', { class: `verdict ${tone}`, 'data-verdict': view.verdict }, html('b', {}, `${mark} `), words),
    html(
      'p',
      { class: 'hint' },
      `${view.bucket} > ${view.key}, token ${count(view.token)}, owners ${view.owners.join(', ')}`,
    ),
    html('ul', { class: 'copies' }, ...view.copies.map(copy => rowOf(copy, view))),
  );
}

function rowOf(copy: KeyView['copies'][number], view: KeyView): HTMLLIElement {
  const { node, verdict, version, isLate, isDeleted, value, writtenAt } = copy;
  const place = view.owners.indexOf(node);
  const what = isDeleted ? 'deleted' : value === null ? '' : value;
  const known = verdict !== 'unknown' ? verdict : isLate ? 'late: no answer in 1s' : 'could not be asked';
  return html(
    'li',
    { class: classOf(node), 'data-node': node, 'data-verdict': verdict },
    html('b', {}, html('i', { class: 'dot' }), node),
    html('span', { class: `word ${tones[verdict]}` }, `${marks[verdict]} ${known}`),
    html('span', { class: 'hint' }, place < 0 ? 'no owner' : `owner ${place + 1}`),
    version === null
      ? undefined
      : html(
          'span',
          { class: 'version' },
          html('code', { class: isDeleted ? 'deleted' : '' }, what === '' ? '(empty)' : what),
          html('small', { title: version }, `${writtenAt === null ? '' : clock(writtenAt)} ${version}`),
        ),
  );
}

export function showKeyError(message: string): void {
  byId('key-result').replaceChildren(html('p', { class: 'verdict bad' }, html('b', {}, '✕ '), message));
}

export function clearKey(): void {
  byId('key-result').replaceChildren();
}
