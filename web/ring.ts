// The ring: a band for each place in the list of owners, the nodes around it, the key that was asked for, and requests as arrows.
import type { KeyView, RequestView, RingView, View } from '../dist/src/cli/dashboard/view.js';
import { classOf, indexOf, nodeCount } from './colors.js';
import { byId, setText, svg } from './elements.js';
import { cutPairs } from './faults.js';
import { stateOf } from './nodes.js';
import { fateOf } from './requests.js';
import { count, percent, short } from './words.js';

const OUTER = 150;
const BAND = 13;
const GAP = 2;
const NODES_AT = 180;
/** How long an arrow stays, in milliseconds. */
const ARROW_MS = 2400;
const ARROWS_MAX = 40;
const BANDS_MAX = 5;

const root = byId<SVGSVGElement>('ring');
const bands = svg('g');
const mark = svg('g');
const arrows = svg('g', { 'aria-hidden': 'true' });
const cuts = svg('g');
const badges = svg('g');
root.append(arrowHeads(), bands, arrows, cuts, mark, badges);

let ring: RingView | undefined;
let inner = OUTER;
/** Where each node stands, as an angle. */
let angles = new Map<string, number>();

function arrowHeads(): SVGDefsElement {
  const head = (tone: string) =>
    svg(
      'marker',
      {
        id: `head-${tone}`,
        viewBox: '0 0 8 8',
        refX: 7,
        refY: 4,
        markerWidth: 6,
        markerHeight: 6,
        orient: 'auto',
      },
      svg('path', { d: 'M0 0 8 4 0 8z', class: `head ${tone}` }),
    );
  return svg('defs', {}, head('ok'), head('after'), head('warn'), head('bad'));
}

export function drawRing(view: RingView): void {
  ring = view;
  const turn = (token: number) => (token / view.tokens) * 2 * Math.PI;
  const shown = Math.min(view.replicationFactor, BANDS_MAX);
  inner = OUTER - shown * (BAND + GAP);
  angles = placed(view, turn);
  const ys = [...angles.values()].map(angle => point(angle, NODES_AT)[1]);
  const [top, bottom] = [
    Math.min(-OUTER - 8, ...ys.map(y => y - 40)),
    Math.max(OUTER + 8, ...ys.map(y => y + 40)),
  ];
  root.setAttribute('viewBox', `-212 ${top} 424 ${bottom - top}`);
  bands.replaceChildren(
    ...view.slices.flatMap(({ from, to, owners }) =>
      owners.slice(0, shown).map((owner, band) => {
        const outer = OUTER - band * (BAND + GAP);
        const path = svg('path', {
          d: slice(turn(from), turn(to), outer - BAND, outer, view.isSampled ? 0 : 0.008),
          class: `band band-${band} ${classOf(owner)}`,
        });
        path.append(
          svg('title', {}, `tokens ${count(from)} to ${count(to - 1)}: owners ${owners.join(', ')}`),
        );
        return path;
      }),
    ),
    ...(view.isSampled
      ? []
      : view.slices.map(({ from }) => label(turn(from), inner - 12, count(from), 'tick'))),
  );
  const shares = Object.entries(view.shares).map(
    ([node, { first, any }]) => `${node} ${percent(first)} first, ${percent(any)} in all`,
  );
  root.setAttribute('aria-label', `Ring of bucket ${view.bucket}. ${shares.join('; ')}.`);
  setText(
    byId('ring-note'),
    view.isSampled
      ? `${view.partitioner}: ${count(view.ranges)} ranges, drawn at ${view.slices.length} of their tokens. Outermost band: first owner.`
      : `${view.partitioner}, ${view.replicationFactor} owners of each key. Outermost band: first owner.`,
  );
}

/** In the middle of what a node is first owner of, or evenly around where that is everywhere. */
function placed(view: RingView, turn: (token: number) => number): Map<string, number> {
  const nodes = Object.keys(view.shares);
  return new Map(
    nodes.map((node, i) => {
      const own = view.isSampled ? [] : view.slices.filter(({ owners }) => owners[0] === node);
      const [first] = own;
      return [
        node,
        own.length === 1 && first !== undefined
          ? turn((first.from + first.to) / 2)
          : ((i + 0.5) / nodes.length) * 2 * Math.PI,
      ];
    }),
  );
}

/** The nodes around the ring, with what they are and, for a key, what they hold. */
export function drawNodes(view: View, key: KeyView | undefined): void {
  badges.replaceChildren(
    ...view.nodes.flatMap(node => {
      const angle = angles.get(node.node);
      if (angle === undefined) return [];
      const { mark: sign, name, tone } = stateOf(node);
      const copy = key?.copies.find(each => each.node === node.node);
      const place = key === undefined ? -1 : key.owners.indexOf(node.node);
      const [x, y] = point(angle, NODES_AT);
      const share = ring?.shares[node.node];
      const lines = [share === undefined ? '' : percent(share.first)];
      if (copy !== undefined) lines[0] = copyWord(copy.verdict);
      const badge = svg(
        'g',
        {
          class: `badge ${classOf(node.node)} ${tone}${place >= 0 ? ' lit' : ''}`,
          transform: `translate(${x} ${y})`,
        },
        svg('circle', { r: 21 }),
        svg('text', { y: -2, class: 'name' }, short(node.node, 6)),
        svg('text', { y: 10, class: `sign ${tone}` }, sign),
        svg('text', { y: y < 0 ? -26 : 34, class: 'under' }, lines[0] ?? ''),
        place < 0 ? undefined : svg('text', { x: 24, y: -12, class: 'place' }, `${place + 1}`),
      );
      badge.append(svg('title', {}, `${node.node}: ${name}`));
      return [badge];
    }),
  );
  drawCuts(view);
  drawKey(key);
}

/** Between the nodes that do not hear each other. */
function drawCuts({ cuts: ways }: View): void {
  cuts.replaceChildren(
    ...cutPairs(ways ?? []).flatMap(([a, b]) => {
      const [from, to] = [angles.get(a), angles.get(b)];
      if (from === undefined || to === undefined) return [];
      const [x1, y1] = point(from, inner - 22);
      const [x2, y2] = point(to, inner - 22);
      const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
      return [
        svg('line', { x1, y1, x2, y2, class: 'cut' }),
        svg('text', { x, y: y + 6, class: 'scissors' }, '✂', svg('title', {}, `${a} and ${b}: cut`)),
      ];
    }),
  );
}

function copyWord(verdict: KeyView['copies'][number]['verdict']): string {
  return verdict === 'newest'
    ? '✓ newest'
    : verdict === 'older'
      ? '▲ older'
      : verdict === 'missing'
        ? '✕ missing'
        : verdict;
}

function drawKey(key: KeyView | undefined): void {
  if (key === undefined || ring === undefined || key.bucket !== ring.bucket) {
    mark.replaceChildren();
    return;
  }
  const angle = (key.token / ring.tokens) * 2 * Math.PI;
  const [x1, y1] = point(angle, inner - 4);
  const [x2, y2] = point(angle, OUTER + 6);
  mark.replaceChildren(
    svg('line', { x1, y1, x2, y2, class: 'needle' }),
    svg('text', { y: -6, class: 'middle-key' }, short(key.key, 14)),
    svg('text', { y: 12, class: 'middle-token' }, `token ${count(key.token)}`),
  );
}

/** Draws a request from its coordinator to every owner; it fades by itself. */
export function drawRequest({ node, receipt }: RequestView): void {
  const from = angles.get(node);
  if (from === undefined || document.hidden) return;
  while (arrows.childElementCount > ARROWS_MAX) arrows.firstElementChild?.remove();
  const drawn = receipt.owners.flatMap(owner => {
    const to = angles.get(owner.node);
    const { tone } = fateOf(owner, receipt);
    if (to === undefined || tone === 'quiet') return [];
    return [
      svg('path', {
        d: arc(from, to),
        class: `arrow ${tone} ${receipt.kind}`,
        'marker-end': `url(#head-${tone})`,
      }),
    ];
  });
  const group = svg('g', { class: 'request' }, ...drawn);
  arrows.append(group);
  setTimeout(() => group.remove(), ARROW_MS);
}

function arc(from: number, to: number): string {
  const radius = inner - 26;
  const [x1, y1] = point(from, radius);
  if (from === to) {
    const [a, b] = [point(from - 0.35, radius - 34), point(from + 0.35, radius - 34)];
    const [x2, y2] = point(from + 0.06, radius);
    return `M${x1} ${y1}C${a[0]} ${a[1]} ${b[0]} ${b[1]} ${x2} ${y2}`;
  }
  const [x2, y2] = point(to, radius);
  // A little off the centre, so that there and back are two lines.
  const bend = 0.12 * (indexOfAngle(from) < indexOfAngle(to) ? 1 : -1);
  const [cx, cy] = [(x1 + x2) * 0.25 - (y2 - y1) * bend, (y1 + y2) * 0.25 + (x2 - x1) * bend];
  return `M${x1} ${y1}Q${cx} ${cy} ${x2} ${y2}`;
}

function indexOfAngle(angle: number): number {
  for (const [node, own] of angles) if (own === angle) return indexOf(node);
  return nodeCount();
}

function slice(from: number, to: number, low: number, high: number, gap: number): string {
  const [a, b] = [from + gap, Math.max(from + gap, to - gap)];
  const large = b - a > Math.PI ? 1 : 0;
  const [x1, y1] = point(a, high);
  const [x2, y2] = point(b, high);
  const [x3, y3] = point(b, low);
  const [x4, y4] = point(a, low);
  return `M${x1} ${y1}A${high} ${high} 0 ${large} 1 ${x2} ${y2}L${x3} ${y3}A${low} ${low} 0 ${large} 0 ${x4} ${y4}Z`;
}

function label(angle: number, radius: number, text: string, name: string): SVGTextElement {
  const [x, y] = point(angle, radius);
  return svg('text', { x, y: y + 4, class: name }, text);
}

/** Token 0 is at the top; tokens grow clockwise. */
function point(angle: number, radius: number): [number, number] {
  return [round(Math.sin(angle) * radius), round(-Math.cos(angle) * radius)];
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
