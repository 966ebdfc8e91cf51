// The strip of nodes: state, positions, hints, broker; and the buttons that make faults.
import type { FaultAction, FaultRequest, NodeView, RingView, View } from '../dist/src/cli/dashboard/view.js';
import { classOf } from './colors.js';
import { byId, html, setText } from './elements.js';
import { age, bytes, count, percent } from './words.js';

/** What a node's state is called, the mark before it, and its class. */
export function stateOf({ life, state }: NodeView): { mark: string; name: string; tone: string } {
  if (life === 'paused') return { mark: '‖', name: 'hangs', tone: 'warn' };
  if (life === 'unreachable') return { mark: '✂', name: 'unreachable', tone: 'bad' };
  if (life === 'down') return { mark: '✕', name: 'down', tone: 'bad' };
  if (state === 'serving') return { mark: '●', name: 'serving', tone: 'ok' };
  return { mark: '▲', name: state === 'recovering' ? 'recovering' : 'catching up', tone: 'warn' };
}

type Act = (fault: FaultRequest) => void;
type NodeAction = Exclude<FaultAction, 'cut' | 'heal'>;

const facts = [
  'Uptime',
  'Owns',
  'Applied / appended',
  'Keys',
  'Hints held',
  'Hints owed',
  'Repair',
  'Sees down',
  'Broker',
  'Stream',
] as const;
type Fact = (typeof facts)[number];

interface Card {
  readonly root: HTMLElement;
  readonly pill: HTMLElement;
  readonly zone: HTMLElement;
  readonly reason: HTMLElement;
  readonly values: Readonly<Record<Fact, HTMLElement>>;
  readonly progress: HTMLProgressElement;
  readonly buttons: Readonly<Record<NodeAction, HTMLButtonElement>> | undefined;
}

const cards = new Map<string, Card>();
let hasButtons = false;
let owned: RingView['shares'] = {};

export function showNodes(view: View, act: Act): void {
  const names = view.nodes.map(({ node }) => node);
  const isSame = names.length === cards.size && names.every(name => cards.has(name));
  if (!isSame || hasButtons !== view.canFault) {
    hasButtons = view.canFault;
    cards.clear();
    for (const node of names) cards.set(node, makeCard(node, act, hasButtons));
    byId('nodes').replaceChildren(...[...cards.values()].map(({ root }) => root));
    byId('part-label').hidden = !hasButtons;
  }
  for (const node of view.nodes) {
    const card = cards.get(node.node);
    if (card === undefined) continue;
    fill(card, node);
    fillShare(card, node.node);
  }
}

function makeCard(node: string, act: Act, withButtons: boolean): Card {
  const pill = html('span', { class: 'pill' });
  const zone = html('span', { class: 'hint' });
  const reason = html('p', { class: 'reason' });
  const progress = html('progress', { max: 1, value: 0, 'aria-label': `anti-entropy of ${node}` });
  const values = Object.fromEntries(facts.map(fact => [fact, html('dd')])) as Record<Fact, HTMLElement>;
  const list = html('dl', {}, ...facts.map(fact => html('div', {}, html('dt', {}, fact), values[fact])));
  const button = (action: NodeAction, title: string) => {
    const made = html('button', { type: 'button', 'aria-label': `${title} ${node}` }, title);
    made.addEventListener('click', () => act({ action, node }));
    return made;
  };
  const buttons = withButtons
    ? {
        kill: button('kill', 'Kill'),
        pause: button('pause', 'Pause'),
        resume: button('resume', 'Resume'),
        restart: button('restart', 'Restart'),
      }
    : undefined;
  const root = html(
    'article',
    { class: `card node ${classOf(node)}`, 'data-node': node, 'aria-label': `Node ${node}` },
    html('header', {}, html('h3', {}, node), zone, pill),
    reason,
    list,
    progress,
    buttons === undefined ? undefined : html('div', { class: 'buttons' }, ...Object.values(buttons)),
  );
  return { root, pill, zone, reason, values, progress, buttons };
}

function fill({ root, pill, zone, reason, values, progress, buttons }: Card, view: NodeView): void {
  const { mark, name, tone } = stateOf(view);
  setText(pill, `${mark} ${name}`);
  pill.className = `pill ${tone}`;
  root.dataset['state'] = name;
  setText(zone, view.zone === null ? '' : `zone ${view.zone}`);
  setText(reason, view.reason ?? '');
  reason.hidden = view.reason === null;
  const { applied, stored, hintsHeld, antiEntropy, broker } = view;
  setText(values.Uptime, age(view.uptimeMs));
  const log = values['Applied / appended'];
  setText(log, stored === null ? '–' : `${count(applied)} / ${count(stored)}`);
  log.className = stored !== null && applied !== null && applied < stored ? 'warn' : '';
  setText(values.Keys, count(view.keys));
  const held = Object.entries(hintsHeld ?? {}).filter(([, entries]) => entries > 0);
  setText(
    values['Hints held'],
    hintsHeld === null
      ? '–'
      : held.length === 0
        ? '0'
        : held.map(([target, entries]) => `${count(entries)} for ${target}`).join(', '),
  );
  setText(values['Hints owed'], count(view.hintsOwed));
  values['Hints owed'].className = view.hintsOwed > 0 ? 'warn' : '';
  const running = antiEntropy?.running ?? null;
  setText(
    values.Repair,
    antiEntropy === null
      ? '–'
      : running === null
        ? `${count(antiEntropy.fetched)} in, ${count(antiEntropy.sent)} out`
        : `${running.done} of ${running.total} comparisons`,
  );
  values.Repair.title =
    antiEntropy === null
      ? ''
      : `records that anti-entropy fetched and sent, in ${count(antiEntropy.rounds)} rounds since the start`;
  progress.classList.toggle('idle', running === null);
  progress.value = running === null || running.total === 0 ? 0 : running.done / running.total;
  const { seesDown } = view;
  setText(
    values['Sees down'],
    seesDown === null ? '–' : seesDown.length === 0 ? 'nobody' : seesDown.join(', '),
  );
  values['Sees down'].className = seesDown !== null && seesDown.length > 0 ? 'warn' : '';
  setText(values.Broker, broker === null ? '–' : `${broker.name} ${broker.version}`);
  values.Broker.title = broker?.url ?? '';
  setText(values.Stream, view.stream === null ? '–' : `${view.stream}, ${bytes(view.logBytes)}`);
  if (buttons !== undefined) {
    const states = Object.values(view.processes ?? {});
    const isPaused = states.includes('paused');
    buttons.kill.disabled = !states.some(state => state === 'running' || state === 'paused');
    buttons.pause.disabled = !states.includes('running') || isPaused;
    buttons.resume.disabled = !isPaused;
    buttons.restart.disabled = isPaused || !states.some(state => state === 'down' || state === 'died');
  }
}

function fillShare({ values: { Owns } }: Card, node: string): void {
  const share = owned[node];
  setText(Owns, share === undefined ? '–' : `${percent(share.first)}, ${percent(share.any)} in all`);
  Owns.title = 'share of the tokens of which it is the first owner, and one of the owners';
}

/** What each node owns of the ring. */
export function showShares({ shares }: RingView): void {
  owned = shares;
  for (const [node, card] of cards) fillShare(card, node);
}

/** Marks the owners of a key, or none. */
export function lightNodes(owners: ReadonlySet<string> | undefined): void {
  for (const [node, { root }] of cards) root.classList.toggle('lit', owners?.has(node) === true);
}
