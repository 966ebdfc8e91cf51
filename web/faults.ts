// The links between nodes: which are cut, and the controls that cut and heal them.
import type { FaultRequest, View } from '../dist/src/cli/dashboard/view.js';
import { linkNames } from '../dist/src/emulator/link-names.js';
import { byId, html, offer } from './elements.js';

type Act = (fault: FaultRequest) => void;
type Ways = NonNullable<View['cuts']>;

const everyone = 'all others';
const one = byId<HTMLSelectElement>('cut-one');
const other = byId<HTMLSelectElement>('cut-other');
let act: Act = () => {};
let shown = '';

for (const select of [one, other])
  select.addEventListener('change', () => {
    select.dataset['chosen'] = select.value;
    offerOthers();
  });
byId('cut').addEventListener('click', () => act({ action: 'cut', ...chosen() }));
byId('heal').addEventListener('click', () => act({ action: 'heal' }));

export function showLinks({ cuts, nodes, canFault }: View, perform: Act): void {
  act = perform;
  byId('links').hidden = cuts === null || !canFault;
  if (cuts === null) return;
  offer(
    one,
    nodes.map(({ node }) => node),
  );
  offerOthers();
  byId<HTMLButtonElement>('heal').disabled = cuts.length === 0;
  const names = linkNames(cuts);
  if (shown === names.join()) return;
  shown = names.join();
  byId('cuts').replaceChildren(...names.map(name => html('li', { class: 'chip bad' }, `✂ ${name}`)));
}

function offerOthers(): void {
  const names = [...one.options].map(option => option.value);
  offer(other, [everyone, ...names.filter(name => name !== one.value)]);
}

function chosen(): Pick<FaultRequest, 'node' | 'other'> {
  return { node: one.value, ...(other.value === everyone ? {} : { other: other.value }) };
}

/** Pairs of nodes between which something is cut, once each. */
export function cutPairs(cuts: Ways): readonly (readonly [string, string])[] {
  const pairs = new Map(cuts.map(({ from, to }) => [[from, to].sort().join(' '), [from, to] as const]));
  return [...pairs.values()];
}
