// Why a key is as it is: what its owners hold, and, of a delete, what still keeps it from being purged. Pure.

import { formatElapsed } from '../../model/duration.js';
import { isGone } from '../../model/record.js';
import type { ClusterReply, StatusReply, WireRecord } from '../../wire/generated/types.js';
import { CopyVerdict } from '../replicas/verdict.js';
import type { KeyReport } from './one-key.js';
import { readableTime } from './rows.js';

export interface Why {
  /** `unknown` when nobody who was asked holds anything of it, and not all owners could be. */
  state: 'absent' | 'live' | 'expired' | 'deleted' | 'unknown';
  /** One sentence on the state. */
  because: string;
  /** What keeps the delete from being purged, one sentence each; empty when nothing does, or there is none. */
  blockers: string[];
}

/** @param statuses of the nodes that answered. */
export function whyOf(
  report: KeyReport,
  view: ClusterReply,
  statuses: ReadonlyMap<string, StatusReply>,
): Why {
  const { newest } = report.comparison;
  const unasked = report.unasked.filter(({ node }) => report.owners.includes(node));
  const but = unasked.map(({ node, state }) => `${node} (${state})`).join(', ');
  const unsure = but === '' ? '' : `; of its owners ${but} could not be asked`;
  if (newest === undefined) {
    const because = `no node that answers holds anything of it${unsure}`;
    return { state: but === '' ? 'absent' : 'unknown', because, blockers: [] };
  }
  const { expiresAt } = newest;
  if (!isGone(newest, view.time)) {
    const end = expiresAt === undefined ? '' : `; it expires ${readableTime(expiresAt)}`;
    return {
      state: 'live',
      because: `written ${readableTime(newest.time)} by ${newest.writer}${end}${unsure}`,
      blockers: [],
    };
  }
  const isDeleted = newest.deleted === true;
  const because = isDeleted
    ? `deleted, or expired, as version ${newest.time}@${newest.writer}${unsure}`
    : `expired ${readableTime(expiresAt ?? 0)}; the next read makes it a delete${unsure}`;
  const blockers = blockersOf(newest, report, view, statuses);
  return { state: isDeleted ? 'deleted' : 'expired', because, blockers };
}

function blockersOf(
  newest: WireRecord,
  { owners, comparison }: KeyReport,
  { cluster, peers, time }: ClusterReply,
  statuses: ReadonlyMap<string, StatusReply>,
): string[] {
  const deadSince = newest.deleted === true ? newest.time : (newest.expiresAt ?? newest.time);
  const group = cluster.nodes.filter(node => owners.includes(node)).join('+');
  const name = `${newest.bucket}/${group}`;
  const floors = owners.map(owner => statuses.get(owner)?.purge?.floors[name] ?? 0);
  if (floors.every(floor => floor >= deadSince))
    return ['every owner knows that all have it: it leaves each log with its next compaction'];
  const found: string[] = [];
  for (const node of cluster.nodes) {
    const peer = peers.find(each => each.node === node && each.leaving !== true);
    if (peer === undefined) found.push(`${node} is down: it may hold, or hold for others, what was deleted`);
    else if (peer.state !== 'serving') found.push(`${node} is ${peer.state}`);
    else if (peer.hints !== 0) found.push(`${node} holds ${peer.hints ?? 'perhaps some'} hints to deliver`);
  }
  for (const owner of owners) {
    const verdict = comparison.nodes.get(owner);
    if (verdict === CopyVerdict.Older) found.push(`${owner} has an older version`);
    if (verdict === CopyVerdict.Missing) found.push(`${owner} does not have the delete, or has purged it`);
  }
  const afterMs = Math.max(0, ...[...statuses.values()].map(({ purge }) => purge?.afterMs ?? 0));
  const left = (since: number) => {
    const leftMs = afterMs - (time - since) / 1000;
    return leftMs > 0 ? formatElapsed(leftMs) : undefined;
  };
  const candidate = [...statuses.values()].flatMap(({ purge }) => purge?.candidates[name] ?? [])[0];
  if (candidate !== undefined && candidate.floor >= deadSince) {
    const forMs = left(candidate.since);
    if (forMs !== undefined)
      found.push(
        `all owners had it ${readableTime(candidate.since)}: a repair from before may be under way for ${forMs}`,
      );
  } else if (left(deadSince) !== undefined)
    found.push(`it is too young: a write from before it may still be under way for ${left(deadSince)}`);
  if (found.length === 0) found.push('the next round of anti-entropy has yet to find all owners equal');
  return found;
}
