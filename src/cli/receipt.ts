// How a receipt is shown: a line and a table on a terminal, one line of JSON elsewhere.

import { versionText } from '../model/record.js';
import type { Receipt } from '../wire/generated/types.js';
import { jsonLine, printTable, visible } from './output.js';

export const receiptHead = ['node', 'part', 'state', 'held version', 'took', 'repair'] as const;

export async function printReceipt(
  receipt: Receipt,
  out: NodeJS.WritableStream & { isTTY?: boolean },
): Promise<void> {
  if (out.isTTY !== true) {
    out.write(`${jsonLine(receipt)}\n`);
    return;
  }
  out.write(`${summaryOf(receipt)}\n`);
  await printTable({ head: receiptHead, rows: rowsOf(receipt) }, out);
}

export function summaryOf({ kind, bucket, key, why, tookMs, coordinator, version }: Receipt): string {
  const by = coordinator === null ? 'no coordinator answered' : `by ${coordinator}`;
  const of = version === undefined ? '' : `, version ${version}`;
  return `${kind} of ${bucket} > ${visible(key)}: ${visible(why)} (${tookMs}ms, ${by}${of})`;
}

export function rowsOf({ owners, hints }: Receipt): string[][] {
  const ms = (tookMs: number | undefined) => (tookMs === undefined ? '' : `${tookMs}ms`);
  return [
    ...owners.map(({ node, state, holds, tookMs, repair }) => [
      node,
      'owner',
      state,
      heldText(holds),
      ms(tookMs),
      repair ?? '',
    ]),
    ...hints.map(({ target, holder, state, tookMs }) => [
      holder ?? '-',
      `hint for ${target}`,
      state,
      '',
      ms(tookMs),
      '',
    ]),
  ];
}

function heldText(holds: Receipt['owners'][number]['holds']): string {
  if (holds === undefined) return '';
  if (holds === null) return 'nothing';
  return `${versionText(holds)}${holds.deleted === true ? ' (deleted)' : ''}`;
}
