// `status` in the console: what each node says of itself, and of a local emulator's nodes their processes too.
import type { Client } from '../../client/client.js';
import { control, supervisorOf } from '../../emulator/control-client.js';
import type { EmulatorReport } from '../../emulator/report.js';
import { legend, type NodeStatus, noteOf, repairedOf, statusView } from '../../emulator/status-view.js';
import { printTable } from '../output.js';
import { formatSize } from '../size.js';

/** How long a node has to answer, in milliseconds. */
const askLimitMs = 1000;

export interface StatusRequest {
  client: Client;
  /** Nodes known before, in case none answers now. */
  nodes: readonly string[];
  dataDir: string;
  out: NodeJS.WritableStream & { isTTY?: boolean };
  note: (line: string) => void;
}

export async function printStatus({ client, nodes, dataDir, out, note }: StatusRequest): Promise<void> {
  const view = await client.cluster({ timeoutMs: askLimitMs }).catch(() => undefined);
  const names = view?.cluster.nodes ?? nodes;
  const local = await localReport(dataDir, names);
  const known = await Promise.all(
    names.map(async node => {
      // A node that does not answer is down or hangs: that is what is shown.
      const status = await client.status(node, { timeoutMs: askLimitMs }).catch(() => undefined);
      return { node, status, processes: local?.nodes[node] };
    }),
  );
  note(legend);
  const head = ['state', 'node', 'keys', 'entries', 'log', 'hints held', 'for it', 'fetched/sent', 'note'];
  const spare = ['fetched/sent', 'entries'];
  await printTable({ head, rows: statusView(known).map(cellsOf), spare }, out);
}

/** Undefined unless the emulator of the data directory runs these very nodes. */
async function localReport(dataDir: string, names: readonly string[]): Promise<EmulatorReport | undefined> {
  if (supervisorOf(dataDir) === undefined) return undefined;
  const report = await control(dataDir, 'status', {}).catch(() => undefined);
  return report?.cluster.nodes.join() === names.join() ? report : undefined;
}

function cellsOf(row: NodeStatus): string[] {
  const { state, node, keys, log, hintsHeld, hintsPending } = row;
  const count = (known: number | null | undefined) => String(known ?? '-');
  const size = log === null ? '-' : formatSize(log.bytes);
  return [
    state,
    node,
    count(keys),
    count(log?.entries),
    size,
    count(hintsHeld),
    String(hintsPending),
    repairedOf(row),
    noteOf(row),
  ];
}
