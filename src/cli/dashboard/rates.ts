// What happened between two looks at the nodes' counters. Pure. A node that started anew begins at zero, and one that did not
// answer is left out until two looks have found it.
import { limitMsOf } from '../../node/request-counts.js';
import type { RequestsReply, StatusReply } from '../../wire/generated/types.js';
import type { LatencyPoint, Point } from './view.js';

/** What the nodes that answered said, by node. */
export interface Look {
  readonly at: number;
  readonly statuses: ReadonlyMap<string, StatusReply>;
  readonly requests: ReadonlyMap<string, RequestsReply>;
}

type Counts = RequestsReply['counts'][number];

export function pointOf(before: Look, now: Look): Point {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const status = (count: (reply: StatusReply) => number) =>
    growth(before.statuses, now.statuses, count) / seconds;
  const request = (count: (reply: RequestsReply) => number) =>
    growth(before.requests, now.requests, count) / seconds;
  const done = (kind: Counts['kind']) => (reply: RequestsReply) =>
    sum(reply.counts.filter(each => each.kind === kind).map(each => each.answered));
  return {
    at: now.at,
    writes: request(done('write')),
    reads: request(done('read')),
    failed: request(({ counts }) => sum(counts.map(each => each.failed))),
    entries: status(({ log }) => log.lastSequence),
    readRepairs: request(({ repairs }) => repairs.acked),
    // What one fetched from another, or sent to it, is counted where the round ran.
    antiEntropy: status(({ antiEntropy: { totals } }) => totals.fetched + totals.sent),
    rounds: growth(before.statuses, now.statuses, ({ antiEntropy }) => antiEntropy.rounds),
    comparisonsLeft: sum(
      [...now.statuses.values()].map(({ antiEntropy: { running } }) =>
        running === null ? 0 : running.total - running.done,
      ),
    ),
    hintsDelivered: status(({ hints }) => hints.delivered),
    hintsHeld: sum([...now.statuses.values()].flatMap(({ hints }) => Object.values(hints.held))),
    latency: latencyOf(before.requests, now.requests),
  };
}

function growth<Reply extends { readonly incarnation: number }>(
  before: ReadonlyMap<string, Reply>,
  now: ReadonlyMap<string, Reply>,
  count: (reply: Reply) => number,
): number {
  let total = 0;
  for (const [node, reply] of now) {
    const known = before.get(node);
    if (known !== undefined) total += Math.max(0, count(reply) - startOf(known, reply, count));
  }
  return total;
}

/** A log keeps its entries over a restart, all else begins anew: the smaller of both is never too much. */
function startOf<Reply extends { readonly incarnation: number }>(
  known: Reply,
  reply: Reply,
  count: (reply: Reply) => number,
): number {
  return known.incarnation === reply.incarnation ? count(known) : Math.min(count(known), count(reply));
}

function latencyOf(
  before: ReadonlyMap<string, RequestsReply>,
  now: ReadonlyMap<string, RequestsReply>,
): LatencyPoint[] {
  const histograms = new Map<string, { of: Counts; items: number[] }>();
  for (const [node, reply] of now) {
    const known = before.get(node);
    if (known?.incarnation !== reply.incarnation) continue;
    for (const counts of reply.counts) {
      const was = known.counts.find(each => each.kind === counts.kind && each.level === counts.level);
      const name = `${counts.kind} ${counts.level}`;
      const { items } = histograms.get(name) ?? { items: [] };
      for (const [i, count] of counts.latency.entries())
        items[i] = (items[i] ?? 0) + count - (was?.latency[i] ?? 0);
      histograms.set(name, { of: counts, items });
    }
  }
  return [...histograms.values()].flatMap(({ of: { kind, level }, items }) => {
    const answered = sum(items.map(count => count ?? 0));
    if (answered <= 0) return [];
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map(q => quantileMs(items, q)) as [number, number, number];
    return [{ kind, level, answered, p50, p95, p99 }];
  });
}

/** Within an item its requests are taken to be spread evenly. */
export function quantileMs(items: readonly (number | undefined)[], q: number): number {
  const wanted = q * sum(items.map(count => count ?? 0));
  let below = 0;
  for (const [i, count = 0] of items.entries()) {
    if (count > 0 && below + count >= wanted) {
      const low = i === 0 ? 0 : limitMsOf(i - 1);
      const high = limitMsOf(i);
      return Number.isFinite(high) ? low + ((wanted - below) / count) * (high - low) : low;
    }
    below += count;
  }
  return 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
