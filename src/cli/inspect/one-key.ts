// Everything about one key: where it belongs, who holds what, and whether the owners agree.
import type { Client } from '../../client/client.js';
import type { ClusterReply, WireRecord } from '../../wire/generated/types.js';
import { ringOf } from '../bucket-ring.js';
import { printTable, visible } from '../output.js';
import { copiesOf } from '../replicas/cross-check.js';
import { readableNodes } from '../replicas/readable-nodes.js';
import { type Comparison, CopyVerdict, compareCopies } from '../replicas/verdict.js';
import { readableCells, recordJson } from './rows.js';

export interface KeyReport {
  bucket: string;
  key: string;
  token: number;
  preferenceList: readonly string[];
  owners: readonly string[];
  /** Nodes that could not be asked, and their state. */
  unasked: readonly { node: string; state: string }[];
  copies: ReadonlyMap<string, WireRecord>;
  comparison: Comparison;
}

export async function inspectKey(
  client: Client,
  view: ClusterReply,
  bucket: string,
  key: string,
): Promise<KeyReport> {
  const ring = ringOf(view.cluster, bucket);
  const { readable, others } = readableNodes(view);
  const copies = (await copiesOf(client, readable, bucket, [key])).get(key) ?? new Map<string, WireRecord>();
  const owners = ring.owners(key);
  return {
    bucket,
    key,
    token: ring.token(key),
    preferenceList: ring.preferenceList(key),
    owners,
    unasked: others,
    copies,
    comparison: compareCopies(owners, new Set(readable), copies),
  };
}

/** The report as one JSON document. */
export function keyReportJson({
  comparison,
  copies,
  unasked,
  ...report
}: KeyReport): Record<string, unknown> {
  const nodes = [...comparison.nodes].map(([node, verdict]) => {
    const copy = copies.get(node);
    return copy === undefined ? { node, verdict } : { ...recordJson(node, copy), verdict };
  });
  return { ...report, unasked, copies: nodes, verdict: comparison.verdict };
}

export async function printKeyReport(
  report: KeyReport,
  out: NodeJS.WritableStream & { isTTY?: boolean },
): Promise<void> {
  const { key, bucket, token, owners, preferenceList, comparison } = report;
  const fallbacks = preferenceList.slice(owners.length);
  const then = fallbacks.length === 0 ? '' : `, then ${fallbacks.join(', ')}`;
  out.write(`${bucket} > ${visible(key)} token: ${token}, owners: ${owners.join(', ')}${then}\n`);
  await printTable({ head: ['node', 'verdict', 'value', 'time', 'writer'], rows: rowsOf(report) }, out);
  const unknown = [...comparison.nodes]
    .filter(([, verdict]) => verdict === CopyVerdict.Unknown)
    .map(([node]) => node);
  const limits = unknown.length === 0 ? '' : `, as far as can be seen without ${unknown.join(', ')}`;
  out.write(`${comparison.verdict}${limits}\n`);
}

function rowsOf({ comparison, copies, unasked }: KeyReport): string[][] {
  return [...comparison.nodes].map(([node, verdict]) => {
    const copy = copies.get(node);
    if (copy !== undefined) return [node, verdict, ...readableCells(node, copy).slice(2)];
    const state = unasked.find(each => each.node === node)?.state;
    return [
      node,
      verdict === CopyVerdict.Unknown ? `unknown (${state ?? 'not asked'})` : verdict,
      '',
      '',
      '',
    ];
  });
}
