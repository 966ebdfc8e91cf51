// A verdict as one page that needs nothing else: for each violation a sentence and a timeline of the operations that show it.
import type { Verdict } from './check.js';
import type { Operation } from './history.js';
import { rules, type Violation } from './rules.js';
import { show } from './show.js';

const width = 960;
const gutter = 170;
const rowHeight = 46;
const barHeight = 26;
const right = 30;
const labelMax = 60;
const letterWidth = 7.4;

/** @param of what was judged, for the heading. */
export function verdictPage(verdict: Verdict, of: string): string {
  const { operations, acked, keys, ordered, overtaken, counts, violations } = verdict;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const headline = verdict.isKept ? 'Every promise was kept' : `${total} violation${total === 1 ? '' : 's'}`;
  const all = operations.ok + operations.refused + operations.unknown;
  const facts = [
    `${all} operations on ${keys} keys: ${operations.ok} ok, ${operations.refused} refused, ${operations.unknown} of unknown outcome`,
    `${acked} acknowledged writes, of which ${overtaken} were older than what was there already (which is allowed)`,
    `${ordered} operations at QUORUM put in one order`,
  ];
  const rows = Object.entries(rules)
    .map(([rule, sentence]) => {
      const count = counts[rule as keyof typeof rules];
      return `<tr class="${count > 0 ? 'bad' : 'good'}"><td>${count > 0 ? '✗' : '✓'}</td><td>${escaped(rule)}</td><td>${escaped(sentence)}</td><td>${count}</td></tr>`;
    })
    .join('\n');
  const shown =
    violations.length < total ? `<p>The first ${violations.length} of ${total} are drawn.</p>` : '';
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(headline)}: ${escaped(of)}</title>
<style>${style}</style>
<h1 class="${verdict.isKept ? 'good' : 'bad'}">${escaped(headline)}</h1>
<p>${escaped(of)}<br>${facts.map(escaped).join('<br>')}</p>
<table><tr><th></th><th>promise</th><th></th><th>broken</th></tr>
${rows}</table>
${shown}${violations.length === 0 ? '' : legend}
${violations.map(section).join('\n')}
</html>
`;
}

function section(violation: Violation, i: number): string {
  const { rule, key, what, operations, holdings } = violation;
  const held = holdings.map(
    ({ owner, ...rest }) => `<li>${escaped(owner)} holds ${escaped(show({ owner, ...rest }))}</li>`,
  );
  return `<section><h2>${i + 1}. Broken: ${escaped(rules[rule])}</h2>
<p>Key <code>${escaped(JSON.stringify(key))}</code>: ${escaped(what)}.</p>
${operations.length === 0 ? '' : timeline(violation)}
${held.length === 0 ? '' : `<p>In the end:</p><ul>${held.join('')}</ul>`}</section>`;
}

/** One row for each client, time to the right. The read that is wrong is the last to start, and red. */
function timeline({ operations, holdings }: Violation): string {
  const clients = [...new Set(operations.map(({ client }) => client))];
  const from = Math.min(...operations.map(({ startedAtMs }) => startedAtMs));
  const to = Math.max(...operations.map(({ endedAtMs }) => endedAtMs));
  const x = scale(operations, from, to);
  const wrong = holdings.length > 0 ? undefined : operations.filter(({ kind }) => kind === 'get').at(-1);
  const height = clients.length * rowHeight + 44;
  const rows = clients.map((client, row) => {
    const y = row * rowHeight + 10;
    const bars = operations.filter(op => op.client === client).map(op => bar(op, x, y, op === wrong));
    return `<line x1="${gutter}" x2="${width - right}" y1="${y + barHeight / 2}" y2="${y + barHeight / 2}" class="lane"/>
<text x="${gutter - 12}" y="${y + barHeight / 2 + 5}" text-anchor="end" class="client">${escaped(short(client, 20))}</text>
${bars.join('\n')}`;
  });
  const ticks = [...new Set(operations.flatMap(({ startedAtMs, endedAtMs }) => [startedAtMs, endedAtMs]))];
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="timeline">
${ticks.map(at => `<line x1="${x(at)}" x2="${x(at)}" y1="0" y2="${height - 30}" class="tick"/>`).join('')}
${rows.join('\n')}
${labels(ticks, x, height - 12)}
</svg>`;
}

/**
 * Where a time is drawn. Gaps are drawn by the square root of their length, so that operations of a millisecond that are a
 * minute apart can both be seen; the order of all starts and ends is kept.
 */
function scale(operations: readonly Operation[], from: number, to: number): (at: number) => number {
  const times = [...new Set(operations.flatMap(op => [op.startedAtMs, op.endedAtMs]))].sort((a, b) => a - b);
  const span = Math.max(to - from, Number.MIN_VALUE);
  const places = new Map<number, number>([[from, 0]]);
  let place = 0;
  for (const [i, at] of times.entries()) {
    if (i === 0) continue;
    place += 0.12 + Math.sqrt((at - (times[i - 1] ?? at)) / span);
    places.set(at, place);
  }
  // An operation of unknown outcome goes on to the edge.
  const most = Math.max(place, 0.01) * 1.08;
  return at => Math.round(gutter + ((places.get(at) ?? most) / most) * (width - gutter - right));
}

function bar(op: Operation, x: (at: number) => number, y: number, isWrong: boolean): string {
  const start = x(op.startedAtMs);
  const isOpen = op.outcome === 'unknown';
  const end = isOpen ? width - right : Math.max(x(op.endedAtMs), start + 4);
  const kind = isWrong ? 'wrong' : op.kind;
  const label = short(`${op.kind} ${op.kind === 'delete' ? '' : contentOf(op)}`.trim(), labelMax);
  const at = labelPlace(label, start, end);
  return `<g><title>${escaped(`${op.kind} ${show(op)} at ${op.level}, ${op.outcome}, ${op.startedAtMs} to ${op.endedAtMs} ms`)}</title>
<rect x="${start}" y="${y}" width="${end - start}" height="${barHeight}" rx="4" class="${kind}${isOpen ? ' open' : ''}"/>
<text x="${at.x}" y="${y + 17}" text-anchor="${at.anchor}" class="label">${escaped(label)}</text></g>`;
}

/** In the bar; beside it when it is too short. */
function labelPlace(label: string, start: number, end: number): { x: number; anchor: 'start' | 'end' } {
  const room = label.length * letterWidth + 12;
  if (end - start >= room) return { x: start + 6, anchor: 'start' };
  return end + room < width ? { x: end + 6, anchor: 'start' } : { x: start - 6, anchor: 'end' };
}

function contentOf({ value }: Operation): string {
  return value === undefined ? '→ nothing' : JSON.stringify(value);
}

/** Times under the axis; one that has no room beside the one before it is left out, its bar says it. */
function labels(ticks: readonly number[], x: (at: number) => number, y: number): string {
  let last = Number.NEGATIVE_INFINITY;
  const shown: string[] = [];
  for (const at of [...ticks].sort((a, b) => a - b)) {
    const place = x(at);
    if (place - last < 64) continue;
    last = place;
    shown.push(`<text x="${place}" y="${y}" text-anchor="middle" class="time">${at.toFixed(1)} ms</text>`);
  }
  return shown.join('');
}

function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"'\p{Cc}]/gu, char => `&#${char.codePointAt(0)};`);
}

const legend = `<p>A bar lasts from the call to the answer; one with a dashed edge has none, and may take effect at any time later or never.
Red is the read that must not have been so. Operations are in order; gaps between them are not to scale.</p>`;

const style = `
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; color: #1d2430; background: #fff; }
h1.good { color: #17733a; } h1.bad, tr.bad td { color: #b3261e; } tr.good td:first-child { color: #17733a; }
h2 { font-size: 1.1em; margin: 2em 0 .3em; } section { border-top: 1px solid #dde2ea; }
table { border-collapse: collapse; } td, th { padding: .15em .8em .15em 0; text-align: left; } td:last-child, th:last-child { text-align: right; }
p, li { overflow-wrap: anywhere; } svg { width: 100%; }
.lane { stroke: #dde2ea; stroke-width: 2; } .tick { stroke: #eef1f5; } .client { font-weight: 600; font-size: 14px; }
.time { font-size: 11px; fill: #66707f; } .label { font-size: 13px; fill: #10151d; }
.put { fill: #a9d2f7; stroke: #2b78bf; } .delete { fill: #d8c6f2; stroke: #7146b5; } .get { fill: #c9ead0; stroke: #2f8f4e; }
.wrong { fill: #ffc4bd; stroke: #b3261e; stroke-width: 2; } .open { stroke-dasharray: 5 4; }
`;
