// `dynats status`: one line a node, of the emulator of a data directory or, over NATS alone, of any cluster.

import type { Command } from 'commander';
import type { Client } from '../../client/client.js';
import type { EmulatorReport } from '../../emulator/report.js';
import type { KnownOfNode, NodeStatus } from '../../emulator/status-view.js';
import type { ClusterDefinition } from '../../wire/generated/types.js';
import {
  addConnectionFlags,
  type ConnectionFlags,
  connectionOptions,
  namesServers,
  parseTimeoutMs,
} from '../connection.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { openClient, withClient } from '../open-client.js';
import { note, printJson, printTable } from '../output.js';
import { formatSize } from '../size.js';
import { withExitCodes } from './emulator-command.js';

interface StatusFlags extends ConnectionFlags {
  json?: boolean;
  /** True without a duration. */
  watch?: string | boolean;
}

/** How long a node has to answer, in milliseconds, unless --timeout says more. */
const askLimitMs = 1000;
const watchEveryMs = 1000;

interface Snapshot {
  cluster: ClusterDefinition;
  nodes: KnownOfNode[];
  /** Of a local emulator: the links that are cut. */
  cuts?: readonly string[];
  /** What to do when no node answers. */
  advice: string;
}

export function register(program: Command): void {
  const command = program
    .command('status')
    .description('show every node: state, processes, keys, log, hints')
    .option('-j, --json', 'one JSON document')
    .option('-w, --watch [duration]', 'show it again every so often, until Ctrl-C (default: 1s)');
  addConnectionFlags(command).action((flags: StatusFlags) =>
    withExitCodes(() => (flags.watch === undefined ? once(flags) : watch(flags))),
  );
  explain(command, {
    notes: `States: U up, D down; then N normal, J catching up, R recovering, P paused.
Exit code 5 when no node answers.`,
    examples: [
      'dynats status',
      ['dynats status --watch 5s', 'again every five seconds'],
      'dynats status --json | jq .nodes[].state',
      'dynats status --server nats://bus.example:4222',
    ],
  });
}

async function once(flags: StatusFlags): Promise<void> {
  const snapshot = await take(flags);
  await show(snapshot, flags);
  if (snapshot.nodes.every(({ status }) => status === undefined))
    throw new CliError(ExitCode.LevelNotReached, `no node answers: ${snapshot.advice}`);
}

async function watch(flags: StatusFlags): Promise<void> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  const everyMs = typeof flags.watch === 'string' ? parseTimeoutMs(flags.watch, '--watch') : watchEveryMs;
  for (;;) {
    const snapshot = await take(flags);
    // Clears the terminal and starts at its top; a pipe gets one block after the other.
    if (process.stdout.isTTY && flags.json !== true) process.stdout.write('\u001b[H\u001b[2J');
    await show(snapshot, flags);
    await sleep(everyMs);
  }
}

async function take(flags: StatusFlags): Promise<Snapshot> {
  const dataDir = resolveDataDir(flags.data);
  if (!namesServers(flags)) {
    const local = await takeLocal(dataDir);
    if (local !== undefined) return local;
  }
  return withClient(flags, takeOverNats);
}

/** Undefined when the directory holds no emulator. */
async function takeLocal(dataDir: string): Promise<Snapshot | undefined> {
  const { control, supervisorOf } = await import('../../emulator/control-client.js');
  const { layoutOf } = await import('../../emulator/layout.js');
  const { readState } = await import('../../emulator/state-file.js');
  const state = readState(layoutOf(dataDir).stateFile);
  if (state === undefined) return undefined;
  if (supervisorOf(dataDir) === undefined)
    return {
      cluster: state.cluster,
      nodes: state.cluster.nodes.map(node => ({ node, status: undefined })),
      advice: `the emulator on ${dataDir} does not run: start it with dynats up`,
    };
  const { linkNames } = await import('../../emulator/link-names.js');
  const report = await control(dataDir, 'status', {});
  return {
    cuts: linkNames(report.cuts ?? []),
    cluster: report.cluster,
    nodes: await askLocal(report, dataDir),
    advice: 'start nodes with dynats restart, or dynats resume when they are paused',
  };
}

async function askLocal(report: EmulatorReport, dataDir: string): Promise<KnownOfNode[]> {
  const names = report.cluster.nodes;
  const urls = report.urls.filter((_, i) => report.nodes[names[i] ?? '']?.bus.state === 'running');
  const silent = names.map(node => ({ node, status: undefined, processes: report.nodes[node] }));
  if (urls.length === 0) return silent;
  let client: Client;
  try {
    // Whatever variables and contexts say: this emulator is meant.
    const options = await connectionOptions({ data: dataDir, context: false }, {});
    client = await openClient({
      ...options,
      servers: urls,
      connectTimeoutMs: askLimitMs,
      name: 'dynats status',
    });
  } catch {
    return silent; // The processes are known without the bus.
  }
  try {
    const known = await ask(client, names);
    return known.map(each => ({ ...each, processes: report.nodes[each.node] }));
  } finally {
    await client.close();
  }
}

async function takeOverNats(client: Client): Promise<Snapshot> {
  const { cluster } = await client.cluster();
  return { cluster, nodes: await ask(client, cluster.nodes), advice: 'see whether the nodes run' };
}

function ask(client: Client, nodes: readonly string[]): Promise<KnownOfNode[]> {
  return Promise.all(
    nodes.map(async node => {
      try {
        return { node, status: await client.status(node, { timeoutMs: askLimitMs }) };
      } catch {
        return { node, status: undefined }; // It is down or hangs: that is what is shown.
      }
    }),
  );
}

async function show({ cluster, nodes, cuts = [] }: Snapshot, flags: StatusFlags): Promise<void> {
  const { legend, noteOf, repairedOf, statusView } = await import('../../emulator/status-view.js');
  const rows = statusView(nodes);
  if (flags.json === true) return printJson({ cluster, nodes: rows });
  note(legend);
  await printTable({
    head: [
      'state',
      'node',
      'bus/log/replica',
      'broker',
      'keys',
      'entries',
      'log',
      'hints held',
      'for it',
      'fetched/sent',
      'note',
    ],
    spare: ['broker', 'bus/log/replica', 'fetched/sent', 'entries'],
    rows: rows.map(row => cellsOf(row, repairedOf(row), noteOf(row))),
  });
  // What is asked goes through one of them: which of the others are down is told as that one sees it.
  if (cuts.length > 0)
    note(
      `Cut: ${cuts.join(', ')}. D may mean out of reach of the node that was asked; dynats heal mends it.`,
    );
}

function cellsOf(row: NodeStatus, repaired: string, remark: string): string[] {
  const cell = (value: number | null | undefined) =>
    value === null || value === undefined ? '-' : String(value);
  const { bus, log, replica } = row.pids;
  return [
    row.state,
    row.node,
    [bus, log, replica].map(cell).join('/'),
    row.broker === null ? '-' : `${row.broker.name} ${row.broker.version}`,
    cell(row.keys),
    cell(row.log?.entries),
    row.log === null ? '-' : formatSize(row.log.bytes),
    cell(row.hintsHeld),
    String(row.hintsPending),
    repaired,
    remark,
  ];
}
