// What replicas hold, and whether the owners of each key agree.
import type { Client } from '../../client/client.js';
import type { ClusterReply } from '../../wire/generated/types.js';
import { ringOf } from '../bucket-ring.js';
import { CliError, ExitCode } from '../exit.js';
import { LineWriter } from '../line-writer.js';
import { counted, jsonLine, printTable, tabSeparated, visible } from '../output.js';
import { CrossCheck, type Difference } from '../replicas/cross-check.js';
import { type Copies, mergeByKey } from '../replicas/merge.js';
import { recordsOf } from '../replicas/pages.js';
import { readableNodes } from '../replicas/readable-nodes.js';
import { differencesOf } from '../replicas/verdict.js';
import { readableCells, recordCells, recordHead, recordJson } from './rows.js';

export interface ListingOptions {
  bucket: string;
  json: boolean;
  /** Only the cross-check, no records. */
  checkOnly: boolean;
  /** Rows shown on a terminal; a table is laid out as a whole. */
  rowsMax: number;
  out: NodeJS.WritableStream & { isTTY?: boolean };
  /** Takes a line for the person. */
  note: (line: string) => void;
  /** Told of the number of keys read so far. */
  onKeys?: (count: number) => void;
}

/** Differing keys named one by one; beyond these only the count is given. */
const differencesShownMax = 100;

/** Lists one node: its records only, since a cross-check needs the others. */
export async function listNode(client: Client, node: string, options: ListingOptions): Promise<void> {
  const rows = new Rows(options);
  let read = 0;
  for await (const record of recordsOf(client, node, options.bucket)) {
    options.onKeys?.(++read);
    await rows.add({ key: record.key, copies: new Map([[node, record]]) });
  }
  await rows.finish();
}

/**
 * Lists every node that can be asked, by key, and cross-checks.
 *
 * @returns the number of keys on which owners differ.
 */
export async function listAll(client: Client, view: ClusterReply, options: ListingOptions): Promise<number> {
  const { readable, others } = readableNodes(view);
  if (readable.length === 0)
    throw new CliError(
      ExitCode.LevelNotReached,
      'no node serves: see dynats status, and dynats restart <node>',
    );
  const rows = new Rows(options);
  let named = 0;
  const check = new CrossCheck(
    client,
    ringOf(view.cluster, options.bucket),
    options.bucket,
    readable,
    difference => {
      if (named++ < differencesShownMax) options.note(differenceLine(difference));
    },
  );
  const streams = new Map(readable.map(node => [node, recordsOf(client, node, options.bucket)]));
  for await (const copies of mergeByKey(streams)) {
    if (!options.checkOnly) await rows.add(copies);
    await check.add(copies);
    options.onKeys?.(check.keys);
  }
  if (!options.checkOnly) await rows.finish();
  await check.finish();
  if (named > differencesShownMax) options.note(`... and ${named - differencesShownMax} more keys`);
  options.note(summary(check, others));
  return check.differing;
}

export function differenceLine({ key, comparison }: Difference): string {
  return `key ${visible(key)} diverged: ${differencesOf(comparison)}`;
}

function summary(check: CrossCheck, others: readonly { node: string; state: string }[]): string {
  const compared = `cross-check: ${counted(check.keys, 'key')} on ${[...check.asked].join(', ')}`;
  const left =
    others.length === 0
      ? ''
      : `; not compared: ${others.map(each => `${each.node} (${each.state})`).join(', ')}`;
  const verdict =
    check.differing === 0
      ? 'no difference among owners'
      : `${counted(check.differing, 'key')} on which owners differ`;
  return `${compared}: ${verdict}${left}`;
}

/** Prints records: streamed for a program, as one table of limited size for a person. */
class Rows {
  private readonly table: string[][] = [];
  private readonly lines: LineWriter;
  private count = 0;
  private headed = false;

  constructor(private readonly options: ListingOptions) {
    this.lines = new LineWriter(options.out);
  }

  async add({ copies }: Copies): Promise<void> {
    const { json, out, rowsMax } = this.options;
    for (const [node, record] of copies) {
      this.count++;
      if (json) await this.lines.line(jsonLine(recordJson(node, record)));
      else if (out.isTTY !== true) await this.tabbed(recordCells(node, record));
      else if (this.table.length < rowsMax) this.table.push(readableCells(node, record));
    }
  }

  async finish(): Promise<void> {
    const { json, out, note } = this.options;
    await this.lines.flush();
    if (json || out.isTTY !== true) return;
    await printTable({ head: recordHead, rows: this.table }, out);
    const left = this.count - this.table.length;
    if (left > 0) note(`... and ${left} more copies: --limit ${this.count} shows all, or pipe the output`);
  }

  private async tabbed(cells: readonly string[]): Promise<void> {
    if (!this.headed) await this.lines.line(tabSeparated({ head: recordHead, rows: [] }).trimEnd());
    this.headed = true;
    await this.lines.line(tabSeparated({ head: cells, rows: [] }).slice(0, -1));
  }
}
