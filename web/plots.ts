// The live plots. Events are drawn as lines through all of them.
import uPlot from 'uplot';
import type { LatencyPoint, Point, TimelineEvent } from '../dist/src/cli/dashboard/view.js';
import { byId, html, offer, setText } from './elements.js';
import { marks } from './events.js';
import { duration, rate } from './words.js';

const POINTS_MAX = 600;
const HEIGHT = 150;
/** A longer time between two points is a gap, in milliseconds. */
const GAP_MS = 5000;
/** An axis shows at least this much, so that next to nothing looks like it. */
const RATE_MIN = 4;

type Value = (point: Point) => number | null;

interface Series {
  readonly name: string;
  /** Property of style.css with its colour. */
  readonly color: string;
  readonly dash?: number[];
  readonly value: Value;
}

interface Spec {
  readonly id: string;
  readonly title: string;
  readonly unit: 'ms' | 'rate' | 'count';
  readonly series: readonly Series[];
}

let points: Point[] = [];
let events: TimelineEvent[] = [];

const levelSelect = byId<HTMLSelectElement>('level');
const spanSelect = byId<HTMLSelectElement>('span');

const latency =
  (kind: LatencyPoint['kind'], which: 'p50' | 'p95' | 'p99'): Value =>
  point =>
    point.latency.find(each => each.kind === kind && each.level === levelSelect.value)?.[which] ?? null;

const latencySeries = (kind: LatencyPoint['kind']): Series[] => [
  { name: 'p50', color: '--line-1', value: latency(kind, 'p50') },
  { name: 'p95', color: '--line-2', dash: [6, 3], value: latency(kind, 'p95') },
  { name: 'p99', color: '--line-3', dash: [2, 3], value: latency(kind, 'p99') },
];

const specs: readonly Spec[] = [
  { id: 'writes', title: 'Write latency', unit: 'ms', series: latencySeries('write') },
  { id: 'reads', title: 'Read latency', unit: 'ms', series: latencySeries('read') },
  {
    id: 'throughput',
    title: 'Throughput, a second',
    unit: 'rate',
    series: [
      { name: 'writes', color: '--line-1', value: point => point.writes },
      { name: 'reads', color: '--line-2', dash: [6, 3], value: point => point.reads },
      { name: 'log entries', color: '--line-4', dash: [2, 3], value: point => point.entries },
      { name: 'failed', color: '--bad', value: point => point.failed },
    ],
  },
  {
    id: 'repairs',
    title: 'Repairs, records a second',
    unit: 'rate',
    series: [
      { name: 'read repair', color: '--line-1', value: point => point.readRepairs },
      { name: 'anti-entropy', color: '--line-2', dash: [6, 3], value: point => point.antiEntropy },
    ],
  },
  {
    id: 'anti-entropy',
    title: 'Anti-entropy, comparisons',
    unit: 'count',
    series: [
      { name: 'to do in the rounds under way', color: '--line-2', value: point => point.comparisonsLeft },
      { name: 'rounds done', color: '--line-4', dash: [2, 3], value: point => point.rounds },
    ],
  },
  {
    id: 'hints',
    title: 'Hints, entries',
    unit: 'count',
    series: [
      { name: 'held', color: '--line-3', value: point => point.hintsHeld },
      { name: 'delivered a second', color: '--line-1', dash: [6, 3], value: point => point.hintsDelivered },
    ],
  },
];

interface Drawn {
  readonly spec: Spec;
  readonly box: HTMLElement;
  readonly now: HTMLElement;
  plot: uPlot;
}

let drawn: Drawn[] = [];

export function startPlots(): void {
  drawn = specs.map(spec => {
    const now = html('p', { class: 'now' });
    const box = html('div', { class: 'plot' });
    const card = html(
      'figure',
      { class: 'card', 'data-plot': spec.id },
      html('figcaption', {}, spec.title),
      now,
      box,
    );
    byId('plots').append(card);
    return { spec, box, now, plot: makePlot(spec, box) };
  });
  const resize = new ResizeObserver(() => {
    for (const { plot, box } of drawn) plot.setSize({ width: box.clientWidth, height: HEIGHT });
  });
  for (const { box } of drawn) resize.observe(box);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const each of drawn) {
      each.plot.destroy();
      each.plot = makePlot(each.spec, each.box);
    }
    refresh();
  });
  for (const select of [levelSelect, spanSelect])
    select.addEventListener('change', () => {
      select.dataset['chosen'] = select.value;
      refresh();
    });
}

export function setHistory(all: readonly Point[], happened: readonly TimelineEvent[]): void {
  points = [...all];
  events = [...happened];
  refresh();
}

export function addPoint(point: Point): void {
  points.push(point);
  if (points.length > POINTS_MAX) points.splice(0, points.length - POINTS_MAX);
  refresh();
}

export function addMark(event: TimelineEvent): void {
  events.push(event);
  refresh();
}

function refresh(): void {
  const totals = new Map<string, number>();
  for (const { latency: all } of points)
    for (const { level, answered } of all) totals.set(level, (totals.get(level) ?? 0) + answered);
  const levels = [...totals].sort(([, a], [, b]) => b - a).map(([level]) => level);
  offer(levelSelect, levels.length === 0 ? ['QUORUM'] : [...levels].sort(), levels[0]);
  const spanMs = Number(spanSelect.value) * 1000;
  const end = points.at(-1)?.at ?? Date.now();
  const shown = withGaps(points.filter(({ at }) => at > end - spanMs));
  for (const { spec, plot, now } of drawn) {
    const xs = shown.map(each => each.at / 1000);
    const ys = spec.series.map(({ value }) => shown.map(each => ('gap' in each ? null : value(each))));
    plot.setData([xs, ...ys] as uPlot.AlignedData, false);
    plot.batch(() => {
      plot.setScale('x', { min: (end - spanMs) / 1000, max: end / 1000 });
      const most = Math.max(0, ...ys.flat().map(y => y ?? 0));
      plot.setScale('y', {
        min: 0,
        max: spec.unit === 'ms' ? Math.max(1, most * 1.1) : Math.max(RATE_MIN, most * 1.1),
      });
    });
    setNow(now, spec);
  }
}

/** The newest values in words: what the picture says to those who do not see it. */
function setNow(now: HTMLElement, { series, unit }: Spec): void {
  const last = points.at(-1);
  const said = series.map(({ name, value }) => {
    const known = last === undefined ? null : value(last);
    return `${name} ${known === null ? '–' : unit === 'ms' ? duration(known) : rate(known)}`;
  });
  if (now.childElementCount !== series.length)
    now.replaceChildren(
      ...series.map(({ color, dash }) => {
        const key = html('span', { class: 'key' });
        key.style.setProperty('--line', `var(${color})`);
        key.dataset['dash'] = dash === undefined ? 'solid' : dash[0] === 2 ? 'dotted' : 'dashed';
        return key;
      }),
    );
  for (const [i, key] of [...now.children].entries()) setText(key, said[i] ?? '');
}

function withGaps(all: readonly Point[]): (Point | { at: number; gap: true })[] {
  return all.flatMap((each, i) => {
    const before = all[i - 1];
    return before !== undefined && each.at - before.at > GAP_MS
      ? [{ at: before.at + 1, gap: true as const }, each]
      : [each];
  });
}

function makePlot(spec: Spec, box: HTMLElement): uPlot {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--quiet'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: color('--rule'), width: 1 },
    ticks: { show: false },
  };
  return new uPlot(
    {
      width: box.clientWidth || 300,
      height: HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: 'dynats' }, drag: { x: false, y: false }, points: { size: 6 } },
      padding: [8, 26, 0, 0],
      scales: { x: { time: true, auto: false }, y: { auto: false } },
      axes: [
        {
          ...axis,
          space: 70,
          size: 28,
          values: (_, ticks) => ticks.map(at => new Date(at * 1000).toLocaleTimeString('en-GB')),
        },
        {
          ...axis,
          size: 52,
          space: 28,
          values: (_, ticks) => ticks.map(y => (spec.unit === 'ms' ? `${y}ms` : rateTick(y))),
        },
      ],
      series: [
        {},
        ...spec.series.map(({ name, color: name2, dash }) => ({
          label: name,
          stroke: color(name2),
          width: 1.75,
          points: { show: spec.unit === 'ms', size: 4 },
          ...(dash === undefined ? {} : { dash }),
        })),
      ],
      hooks: { draw: [plot => drawMarks(plot, color)] },
    },
    [[], ...spec.series.map(() => [])] as unknown as uPlot.AlignedData,
    box,
  );
}

function rateTick(value: number): string {
  return value >= 10_000 ? `${value / 1000}k` : value.toLocaleString('en-US');
}

function drawMarks(plot: uPlot, color: (name: string) => string): void {
  const { ctx, bbox } = plot;
  const { min = 0, max = 0 } = plot.scales['x'] ?? {};
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  for (const { at, kind } of events) {
    const x = at / 1000;
    if (!['fault', 'down', 'up'].includes(kind) || x < (min ?? 0) || x > (max ?? 0)) continue;
    const px = Math.round(plot.valToPos(x, 'x', true));
    ctx.strokeStyle = ctx.fillStyle = color(kind === 'up' ? '--ok' : '--bad');
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash(kind === 'fault' ? [] : [3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(px, bbox.top + 12 * devicePixelRatio);
    ctx.lineTo(px, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(marks[kind].mark, px, bbox.top + 9 * devicePixelRatio);
  }
  ctx.restore();
}
