// `dynats up`: starts the emulator and owns it until it is stopped.
import { type Command, Option } from 'commander';
import type { Emulator } from '../../emulator/emulator.js';
import type { BrokerMode, EmulatorOptions, Partitioner, SyncMode } from '../../emulator/options.js';
import { titleOf } from '../../emulator/part.js';
import { formatElapsed } from '../../model/duration.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { errorLine, note, print } from '../output.js';
import { pagePorts, portOf } from './dashboard.js';
import { addDataFlag, asCliError } from './emulator-command.js';
import type { SupervisorMessage } from './up-detached.js';

export interface UpFlags {
  nodes?: string;
  rf?: string;
  partitioner?: string;
  data?: string;
  zones?: string;
  port?: string;
  broker?: string;
  sync?: string;
  secure?: boolean;
  listen?: string;
  links?: boolean;
  detach?: boolean;
  console?: boolean;
  /** False after --no-dashboard. */
  dashboard?: boolean;
  dashboardPort?: string;
  /** Set by `--detach` on the process that it leaves behind. */
  supervised?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('up')
    .description('start the emulator: a cluster of local processes')
    .option('--nodes <n>', 'number of nodes, default 4')
    .option('--rf <n>', 'replication factor, default 3')
    .option('--partitioner <name>', 'byte-ordered (default) or murmur3')
    .option('--zones <names>', 'zone of each node, such as a,a,b,b: owners are spread over zones')
    .option('--port <port>', 'first port of the block that is used, default 4222')
    .option('--broker <mode>', 'per-node (default), or single: one server for all, a single point of failure')
    .option('--secure', 'users with keys and passwords of their own, and TLS (--no-secure: not any more)')
    .option('--no-secure')
    .option('--listen <address>', 'address for clients, default 127.0.0.1; another one needs --secure')
    .option('--links', 'links between nodes that dynats cut can cut; costs CPU (--no-links: none)')
    .option('--no-links')
    .option('--sync <mode>', 'always (default): fsync before every ack; or lazy')
    .option('--detach', 'return when it is ready; it goes on in the background')
    .option('--console', 'open the console when it is ready; leaving the console stops the emulator')
    .option('--no-dashboard', 'serve no dashboard')
    .option('--dashboard-port <port>', 'port of the dashboard, default the first free one from 8222 on')
    .addOption(new Option('--supervised').hideHelp())
    .addHelpText(
      'after',
      '\nWithout --detach it runs until Ctrl-C. Data stays; the next up goes on with it.\n\nExamples:\n  dynats up --console\n  dynats up --detach --nodes 6 --partitioner murmur3 --port 5000 --data /tmp/six',
    );
  addDataFlag(command).action(async (flags: UpFlags) => {
    if (flags.detach === true) {
      const { upDetached } = await import('./up-detached.js');
      return upDetached(flags);
    }
    return flags.supervised === true ? upSupervised(flags) : upHere(flags);
  });
}

/** In the foreground, until a signal or the end of the console. */
async function upHere(flags: UpFlags): Promise<void> {
  const { signal, interrupt } = interruptible();
  const emulator = await start(flags, signal, note).catch((error: unknown) => {
    throw signal.aborted
      ? new CliError(ExitCode.Interrupted, 'interrupted; nothing is left running')
      : asCliError(error);
  });
  await using dashboard = await dashboardOf(flags, emulator);
  print(readyLine(emulator));
  if (dashboard !== undefined) note(dashboard.line);
  if (flags.console === true && process.stdin.isTTY && process.stdout.isTTY) {
    note('Leaving the console stops the emulator (dynats up --detach keeps one running). Its data stays.');
    const { runConsole } = await import('../console.js');
    await Promise.race([
      runConsole({ connection: emulator.connectionAs('operator'), dataDir: resolveDataDir(flags.data) }),
      emulator.stopped,
    ]);
    interrupt();
  }
  void signal.addEventListener('abort', () => note('Stopping...'));
  await emulator.stopped;
  note('Stopped. Data stays; dynats up goes on with it.');
  // A console that was cut off may still be reading the terminal. (A stdin that is a file cannot be unreferenced.)
  if (process.stdin.isTTY) process.stdin.unref();
}

/** In the background: reports to the process that started it, until ready. */
async function upSupervised(flags: UpFlags): Promise<void> {
  const { signal, interrupt } = interruptible();
  const tell = (message: SupervisorMessage) => {
    if (process.connected) process.send?.(message);
  };
  process.once('disconnect', interrupt);
  try {
    const emulator = await start(flags, signal, line => {
      note(line);
      tell({ type: 'progress', line });
    });
    process.off('disconnect', interrupt);
    await using dashboard = await dashboardOf(flags, emulator);
    if (dashboard !== undefined) tell({ type: 'progress', line: dashboard.line });
    note(readyLine(emulator));
    tell({ type: 'ready', line: readyLine(emulator) });
    if (process.connected) process.disconnect();
    await emulator.stopped;
  } catch (error) {
    process.off('disconnect', interrupt);
    const { exitCodeOf, failureLine } = await import('../exit.js');
    const shown = asCliError(error);
    tell({ type: 'failed', line: failureLine(shown), exitCode: exitCodeOf(shown) });
    if (process.connected) process.disconnect();
    throw shown;
  }
}

/** Aborted by the first SIGINT, SIGTERM or SIGHUP; a second one ends this process, and its children with it. */
function interruptible(): { signal: AbortSignal; interrupt: () => void } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(ExitCode.Interrupted);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  return { signal: controller.signal, interrupt };
}

async function start(
  flags: UpFlags,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<Emulator> {
  const { Emulator } = await import('../../emulator/emulator.js');
  const { ProxiedNetwork } = await import('../../chaos/network.js');
  const begun = performance.now();
  const emulator = await Emulator.start({
    ...optionsOf(flags),
    ...(flags.links === true ? { network: new ProxiedNetwork() } : {}),
    ...(flags.dashboard === false ? {} : { websockets: { pagePorts: pagePorts(flags.dashboardPort) } }),
    signal,
    onProgress,
    onDeath: (node, part, why) =>
      errorLine(`the ${titleOf(part)} of ${node} died (${why}): start it again with dynats restart ${node}`),
  });
  const { nodes } = emulator.report();
  for (const [node, { report }] of Object.entries(nodes))
    if (report?.state === 'recovering')
      onProgress(`${node} is recovering: ${report.reason ?? 'no reason given'}`);
  if (emulator.report().broker === 'single')
    onProgress(
      'One broker for all (--broker single): a single point of failure, for tests and tiny set-ups.',
    );
  onProgress(`Started in ${formatElapsed(performance.now() - begun)}.`);
  return emulator;
}

/** The dashboard of the emulator, unless there is to be none. One that cannot be served is no reason to stop. */
async function dashboardOf(
  flags: UpFlags,
  emulator: Emulator,
): Promise<(AsyncDisposable & { readonly line: string }) | undefined> {
  if (flags.dashboard === false) return undefined;
  const { startDashboard } = await import('../dashboard/start.js');
  const { faultsOf } = await import('../dashboard/faults.js');
  try {
    const dashboard = await startDashboard({
      connection: emulator.connectionAs('inspector'),
      faults: faultsOf(emulator),
      port: portOf(flags.dashboardPort, '--dashboard-port'),
    });
    return { line: `dashboard: ${dashboard.url}`, [Symbol.asyncDispose]: () => dashboard.close() };
  } catch (error) {
    note(`No dashboard: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** `ready: nats://127.0.0.1:4222,... logs nats://127.0.0.1:4226,...`: lists as --server takes them. */
function readyLine(emulator: Emulator): string {
  const logs = [...new Set(emulator.nodes.map(node => emulator.logUrl(node)))];
  return `ready: ${emulator.urls.join(',')} logs ${logs.join(',')}`;
}

function optionsOf(flags: UpFlags): EmulatorOptions {
  const nodes = numberOf('--nodes', flags.nodes);
  const replicationFactor = numberOf('--rf', flags.rf);
  const port = numberOf('--port', flags.port);
  return {
    dataDir: resolveDataDir(flags.data),
    ...(nodes === undefined ? {} : { nodes }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(port === undefined ? {} : { port }),
    ...(flags.zones === undefined ? {} : { zones: flags.zones.split(',') }),
    // The emulator checks the words themselves, for all who start one.
    ...(flags.partitioner === undefined ? {} : { partitioner: flags.partitioner as Partitioner }),
    ...(flags.broker === undefined ? {} : { broker: flags.broker as BrokerMode }),
    ...(flags.secure === undefined ? {} : { secure: flags.secure }),
    ...(flags.listen === undefined ? {} : { listen: flags.listen }),
    ...(flags.sync === undefined ? {} : { sync: flags.sync as SyncMode }),
  };
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw new CliError(ExitCode.Usage, `${flag} must be a whole number, not ${text}`);
  return Number(text);
}
