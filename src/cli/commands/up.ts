// `dynats up`: starts the emulator and owns it until it is stopped.

import { type Command, Option } from 'commander';
import type { Emulator } from '../../emulator/emulator.js';
import type { BrokerMode, EmulatorOptions, Partitioner, SyncMode } from '../../emulator/options.js';
import { titleOf } from '../../emulator/part.js';
import { formatElapsed } from '../../model/duration.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { errorLine, note, print, warn } from '../output.js';
import { addQuietFlag, isQuiet } from '../quiet.js';
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
  /** False after --no-metrics-port. */
  metricsPort?: string | false;
  /** Set by `--detach` on the process that it leaves behind. */
  supervised?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('up')
    .description('start the emulator: a cluster of local processes')
    .option('--nodes <n>', 'number of nodes, 1 to 16 (default: 4)')
    .option('--rf <n>', 'replication factor: owners of each key (default: 3)')
    .option('--partitioner <byte-ordered|murmur3>', 'how keys are placed (default: byte-ordered)')
    .option(
      '--zones <names>',
      'zone of each node, such as a,a,b,b: owners are spread over zones (default: none)',
    )
    .option('--port <port>', 'first port of the block that is used (default: 4222)')
    .option(
      '--broker <per-node|single>',
      'single: one server for all, a single point of failure (default: per-node)',
    )
    .option('--secure', 'users with keys and passwords of their own, and TLS; kept for later starts')
    .option('--no-secure', 'without users and TLS again')
    .option('--listen <address>', 'address for clients; another one needs --secure (default: 127.0.0.1)')
    .option('--links', 'links between nodes that dynats cut can cut; costs some CPU')
    .option('--no-links', 'without such links (the default)')
    .option('--sync <always|lazy>', 'always: fsync before every ack (default: always)')
    .option('--detach', 'return when it is ready; it goes on in the background')
    .option('--console', 'open the console when it is ready; leaving the console stops the emulator')
    .option('--no-dashboard', 'serve no dashboard')
    .option('--dashboard-port <port>', 'port of the dashboard (default: the first free one from 8222 on)')
    .option(
      '--metrics-port <port>',
      'serve metrics to Prometheus: n0 on this port, n1 on the next, ...; kept for later starts (default: none do)',
    )
    .option('--no-metrics-port', 'without metrics again')
    .addOption(new Option('--supervised').hideHelp());
  addDataFlag(addQuietFlag(command)).action(async (flags: UpFlags) => {
    if (flags.detach === true) {
      const { upDetached } = await import('./up-detached.js');
      return upDetached(flags);
    }
    return flags.supervised === true ? upSupervised(flags) : upHere(flags);
  });
  explain(command, {
    notes:
      'Without --detach it runs until Ctrl-C. Data stays; the next up goes on with it, and is refused when it contradicts what the data directory was made with.',
    examples: [
      'dynats up --console',
      ['dynats up --detach', 'in the background; dynats down ends it'],
      'dynats up --detach --nodes 6 --partitioner murmur3 --port 5000 --data /tmp/six',
    ],
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
  if (!isQuiet()) print(readyLine(emulator));
  if (dashboard !== undefined) note(dashboard.line);
  if (flags.console === true && process.stdin.isTTY && process.stdout.isTTY) {
    note('Leaving the console stops the emulator; its data stays.');
    note('dynats up --detach keeps one running.');
    const { runConsole } = await import('../console.js');
    await Promise.race([
      runConsole({ connection: emulator.connectionAs('operator'), dataDir: resolveDataDir(flags.data) }),
      emulator.stopped,
    ]);
    interrupt();
  } else if (flags.console === true)
    note('No console, since this is no terminal: a signal stops the emulator, or dynats down.');
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
  const { nodes, metricsPort } = emulator.report();
  for (const [node, { report }] of Object.entries(nodes))
    if (report?.state === 'recovering')
      onProgress(`${node} is recovering: ${report.reason ?? 'no reason given'}`);
  if (emulator.report().broker === 'single')
    onProgress(
      'One broker for all (--broker single): a single point of failure, for tests and tiny set-ups.',
    );
  if (metricsPort !== undefined)
    onProgress(`metrics: http://127.0.0.1:${metricsPort}/metrics is that of ${emulator.nodes[0]}`);
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
    warn(`No dashboard: ${error instanceof Error ? error.message : String(error)}`);
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
  const metricsPort = flags.metricsPort === false ? false : numberOf('--metrics-port', flags.metricsPort);
  return {
    dataDir: resolveDataDir(flags.data),
    ...(nodes === undefined ? {} : { nodes }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(port === undefined ? {} : { port }),
    ...(metricsPort === undefined ? {} : { metricsPort }),
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
