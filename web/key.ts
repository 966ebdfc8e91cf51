// What became of a key: where it belongs, what each owner holds, and whether they agree.
import type { KeyView } from '../dist/src/cli/dashboard/view.js';
import { classOf } from './colors.js';
import { byId, html } from './elements.js';
import { clock, count } from './words.js';

const verdicts = {
  'in sync': { tone: 'ok', mark: '✓', words: 'in sync: every owner that answers holds the same' },
  diverged: { tone: 'bad', mark: '▲', words: 'diverged: owners differ' },
  missing: { tone: 'quiet', mark: '–', words: 'missing: no node holds it' },
} as const;

const marks = { newest: '✓', older: '▲', missing: '✕', 'not an owner': '?', unknown: '?' } as const;
const tones = {
  newest: 'ok',
  older: 'warn',
  missing: 'bad',
  'not an owner': 'warn',
  unknown: 'quiet',
} as const;

export function showKey(view: KeyView): void {
  const { tone, mark, words } = verdicts[view.verdict];
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
  const { node, verdict, version, isDeleted, value, writtenAt } = copy;
  const place = view.owners.indexOf(node);
  const what = isDeleted ? 'deleted' : value === null ? '' : value;
  const known = verdict === 'unknown' ? 'could not be asked' : verdict;
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
