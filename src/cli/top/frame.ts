// One frame of `dynats top`: what the cluster does between two looks. Pure; lines without colours and of any width.
import { statusView } from '../../emulator/status-view.js';
import { formatElapsed } from '../../model/duration.js';
import { type Look, pointOf } from '../dashboard/rates.js';
import type { LatencyPoint } from '../dashboard/view.js';
import { roundedBytes } from '../size.js';
import type { Survey } from '../survey.js';

/** A line and how it is to stand out. */
export interface Line {
  readonly text: string;
  readonly tone: 'plain' | 'head' | 'warn' | 'bad' | 'dim';
}

const columns = [
  'STATE',
  'NODE',
  'UPTIME',
  'WRITES/s',
  'READS/s',
  'FAILED/s',
  'P50',
  'P99',
  'LOG',
  'ENTRIES/s',
  'LAG',
  'KEYS',
  'BYTES',
  'HELD',
  'OWED',
  'REPAIRED/s',
] as const;
/** Columns of words; all others are numbers, and stand to the right. */
const leftAligned = 2;

/** @param why no node could be asked, if so: then `now` is what was seen last. */
export function frameOf(before: Survey, now: Survey, why?: string): Line[] {
  const { cluster } = now;
  const up = cluster.nodes.filter(node => now.statuses.has(node)).length;
  const all = pointOf(before, now);
  const facts = [
    `writes ${rate(all.writes)}/s`,
    `reads ${rate(all.reads)}/s`,
    `failed ${rate(all.failed)}/s`,
    `log entries ${rate(all.entries)}/s`,
  ];
  const repairs = [
    `read repairs ${rate(all.readRepairs)}/s`,
    `anti-entropy ${rate(all.antiEntropy)} records/s`,
    `hints held ${all.hintsHeld}, delivered ${rate(all.hintsDelivered)}/s`,
  ];
  const rows = rowsOf(before, now);
  const cells = rows.map(({ cells }) => cells);
  const widths = columns.map((name, i) => Math.max(name.length, ...cells.map(row => row[i]?.length ?? 0)));
  const aligned = (row: readonly string[]) =>
    row
      .map((cell, i) => (i < leftAligned ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [
    {
      text: `${cluster.name}: ${up} of ${cluster.nodes.length} nodes up, replication factor ${cluster.replicationFactor}, ${timeOf(now.at)}`,
      tone: 'plain',
    },
    ...(why === undefined ? [] : [{ text: why, tone: 'bad' as const }]),
    { text: facts.join(' · '), tone: 'plain' },
    { text: repairs.join(' · '), tone: 'plain' },
    ...latencyLines(all.latency),
    { text: '', tone: 'plain' },
    { text: aligned(columns), tone: 'head' },
    ...rows.map(({ cells, tone }) => ({ text: aligned(cells), tone })),
    ...rows.flatMap(({ remark }) => (remark === '' ? [] : [{ text: remark, tone: 'dim' as const }])),
  ];
}

function latencyLines(latency: readonly LatencyPoint[]): Line[] {
  if (latency.length === 0) return [{ text: 'no request in this time', tone: 'dim' }];
  return latency.map(({ kind, level, p50, p95, p99 }) => ({
    text: `${`${kind} ${level}`.padEnd(18)} p50 ${ms(p50)}  p95 ${ms(p95)}  p99 ${ms(p99)}`,
    tone: 'plain',
  }));
}

interface Row {
  readonly cells: string[];
  readonly tone: Line['tone'];
  /** Why the node is not as it should be; '' when it is. */
  readonly remark: string;
}

function rowsOf(before: Survey, now: Survey): Row[] {
  const { nodes } = now.cluster;
  const views = statusView(nodes.map(node => ({ node, status: now.statuses.get(node) })));
  return views.map(view => {
    const { node, state, log, keys, hintsHeld, hintsPending, reason } = view;
    const status = now.statuses.get(node);
    const own = pointOf(only(before, node), only(now, node));
    const isKnown = status !== undefined && before.statuses.has(node);
    const known = (value: number) => (isKnown ? rate(value) : '-');
    const slowest = own.latency.reduce<LatencyPoint | undefined>(
      (most, next) => (most === undefined || next.p99 > most.p99 ? next : most),
      undefined,
    );
    const cells = [
      state,
      node,
      status === undefined ? '-' : formatElapsed(Math.max(1, now.at - status.incarnation)),
      known(own.writes),
      known(own.reads),
      known(own.failed),
      slowest === undefined ? '-' : ms(slowest.p50),
      slowest === undefined ? '-' : ms(slowest.p99),
      log === null ? '-' : String(log.lastSequence),
      known(own.entries),
      log === null ? '-' : String(Math.max(0, log.lastSequence - log.applied)),
      keys === null ? '-' : String(keys),
      log === null ? '-' : roundedBytes(log.bytes),
      hintsHeld === null ? '-' : String(hintsHeld),
      String(hintsPending),
      known(own.readRepairs + own.antiEntropy),
    ];
    const tone = status === undefined ? 'bad' : state === 'UN' ? 'plain' : 'warn';
    return { cells, tone, remark: reason === null ? '' : `${node}: ${reason}` };
  });
}

/** The same look at one node alone. */
function only({ at, statuses, requests }: Survey, node: string): Look {
  const one = <Reply>(all: ReadonlyMap<string, Reply>) => new Map([...all].filter(([name]) => name === node));
  return { at, statuses: one(statuses), requests: one(requests) };
}

/** Few digits: 0.4, 12, 26000. */
function rate(value: number): string {
  return value > 0 && value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}ms`;
}

function timeOf(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map(number => String(number).padStart(2, '0'))
    .join(':');
}
