// dynats chaos: break a cluster on purpose, under load, and judge by what its clients saw.

import type { Command } from 'commander';
import type { Fault } from '../../chaos/faults/fault.js';
import type { MemoryOfPart } from '../../chaos/memory.js';
import type { RunOptions, RunResult } from '../../chaos/run.js';
import type { TestCluster } from '../../chaos/test-cluster.js';
import { type Part, parts, titleOf } from '../../emulator/part.js';
import { formatElapsed } from '../../model/duration.js';
import { addConnectionFlags, type ConnectionFlags, connectionOptions } from '../connection.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { parseCount, parseDuration } from '../numbers.js';
import { parseLevel } from '../request-flags.js';
import { formatSize } from '../size.js';
import { didYouMean } from '../suggest.js';
import { asCliError } from './emulator-command.js';

interface ChaosFlags extends ConnectionFlags {
  seed?: string;
  duration: string;
  every: string;
  faults?: string;
  clients: string;
  processes: string;
  level: string;
  keys: string;
  nodes: string;
  sync: string;
  network: string;
  history?: string;
  running?: boolean;
  faultCommand?: string;
  yesThisIsATestCluster?: boolean;
  json?: boolean;
}

const clientsMax = 1024;
const processesMax = 16;
const keysMax = 10_000;
const violationsShown = 3;
const spans = { min: 1000, max: 24 * 3_600_000 };

export function register(program: Command): void {
  const command = program
    .command('chaos')
    .description('break a cluster on purpose, under load, and judge by what its clients saw')
    .option('--duration <duration>', 'how long, 1s to 24h', '1m')
    .option('--every <duration>', 'time from one fault to the next', '5s')
    .option('--faults <names>', 'kinds of faults, comma-separated (default: all that are possible)')
    .option('--seed <n>', 'the same seed gives the same faults in the same order (default: by chance)')
    .option('--clients <n>', 'clients; each has one operation under way', '16')
    .option('--processes <n>', 'processes that the clients are spread over', '2')
    .option(
      '-l, --level <level>',
      'level of all clients, of any or one to all; mixed: most at quorum, some sessions at one',
      'mixed',
    )
    .option('--keys <n>', 'keys in use at a time', '200')
    .option(
      '--history <file>',
      'write what every client did and saw to a file, as lines of JSON (default: none)',
    )
    .option('-j, --json', 'print the result as JSON')
    .optionsGroup('A cluster of its own (the default; it is ended and deleted afterwards):')
    .option('--nodes <n>', 'number of nodes', '4')
    .option('--sync <always|lazy>', 'always: fsync before every ack', 'always')
    .option(
      '--network <proxies|namespaces>',
      'what is cut: proxies between nodes, or the network namespaces (root on Linux) in which each runs',
      'proxies',
    )
    .optionsGroup('A cluster that runs already (--server, or --running):')
    .option('--running', 'the emulator that runs on --data')
    .option(
      '--fault-command <command>',
      'a fault of your own: run with "begin", and later with "heal", behind it (default: none)',
    )
    .option('--yes-this-is-a-test-cluster', 'needed with --server: the load alone may harm others');
  addConnectionFlags(command, { hasSeed: false }).action(chaos);
  explain(command, helpText);
}

const helpText = {
  notes: `Faults: kill, pause, restart-storm, rolling-restart, partition, one-way-cut, broken-link, slow-link, clock, bit-flip, truncation, deleted-stream, wipe, disk-full, power-loss, power-loss-all, command. The last four before "command" need root on Linux; of an emulator that runs already only processes are killed, paused and restarted; elsewhere only "command".
Exit codes: 0 every promise was kept; 1 one was broken; else as ever. Ctrl-C heals, ends the run and judges what there is of it.`,
  examples: [
    'dynats chaos --duration 30s',
    'dynats chaos --faults kill,partition --seed 7 --history seven.jsonl',
    'dynats chaos --network namespaces --faults partition,one-way-cut',
    'dynats chaos --running --data /tmp/four --duration 2m',
  ],
} as const;

async function chaos(flags: ChaosFlags): Promise<void> {
  const [{ run }, { faults: all }, output, { randomInt }] = await Promise.all([
    import('../../chaos/run.js'),
    import('../../chaos/faults/all.js'),
    import('../output.js'),
    import('node:crypto'),
  ]);
  const settings = {
    seed: flags.seed === undefined ? randomInt(1, 2 ** 31) : parseCount(flags.seed, '--seed', 2 ** 31),
    durationMs: parseDuration(flags.duration, '--duration', spans),
    everyMs: parseDuration(flags.every, '--every', spans),
    clients: parseCount(flags.clients, '--clients', clientsMax),
    processes: parseCount(flags.processes, '--processes', processesMax),
    keys: parseCount(flags.keys, '--keys', keysMax),
    levels: flags.level.toLowerCase() === 'mixed' ? ('mixed' as const) : parseLevel(flags.level, 'write'),
  };
  const wanted = wantedFaults(flags.faults, all);
  const { signal, done } = interruptible();
  const deaths: string[] = [];
  const cluster = await openCluster(flags, wanted, signal, (node, part, why) => {
    deaths.push(`the ${part} of ${node} died: ${why}`);
    output.note(`        the ${part} of ${node} died: ${why}`);
  });
  try {
    const { possible, impossible } = sorted(wanted ?? all, cluster);
    if (wanted !== undefined && impossible.length > 0)
      throw new CliError(ExitCode.Usage, `--faults ${impossible[0]?.name}: ${impossible[0]?.why}`);
    for (const { name, why } of impossible) output.note(`without ${name}: ${why}`);
    output.note(`seed ${settings.seed}; faults: ${possible.map(({ name }) => name).join(', ') || 'none'}`);
    const options: RunOptions = {
      ...settings,
      cluster,
      connection: { ...(await connectionOf(flags)), servers: [...cluster.urls] },
      faults: possible,
      ...(flags.history === undefined ? {} : { historyFile: flags.history }),
      signal,
      onEvent: output.note,
    };
    const result = await run(options);
    if (flags.json === true) output.printJson({ ...result, deaths });
    else for (const line of linesOf(result)) output.print(line);
    if (signal.aborted) throw new CliError(ExitCode.Interrupted, '');
    if (!result.clean)
      throw new CliError(
        ExitCode.Unexpected,
        `a promise was broken: repeat it with --seed ${settings.seed} and --history FILE`,
      );
  } catch (error) {
    throw asCliError(error);
  } finally {
    await cluster.close();
    done();
  }
}

async function openCluster(
  flags: ChaosFlags,
  wanted: readonly Fault[] | undefined,
  signal: AbortSignal,
  onDeath: (node: string, part: Part, why: string) => void,
): Promise<TestCluster> {
  const [{ note }, { openRunningCluster }] = await Promise.all([
    import('../output.js'),
    import('../../chaos/running-cluster.js'),
  ]);
  const isForeign = flags.server !== undefined;
  if (isForeign || flags.running === true) {
    if (isForeign && flags.yesThisIsATestCluster !== true)
      throw new CliError(
        ExitCode.Usage,
        'chaos puts load on the cluster and breaks it: say --yes-this-is-a-test-cluster if it is one, or leave --server out for a cluster of its own',
      );
    const { openClient } = await import('../open-client.js');
    const connection = await connectionOf(flags);
    const client = await openClient(connection);
    try {
      const { cluster } = await client.cluster();
      const { bucketName } = await import('../../chaos/load/order.js');
      await client.buckets.create(bucketName, { partitioner: 'murmur3' });
      const opened = await openRunningCluster({
        urls: [connection.servers ?? []].flat(),
        nodes: cluster.nodes,
        ...(isForeign ? {} : { dataDir: resolveDataDir(flags.data) }),
        ...(flags.faultCommand === undefined ? {} : { faultCommand: flags.faultCommand }),
      });
      return opened;
    } finally {
      await client.close();
    }
  }
  const [{ startOwnCluster, NetworkKind }, { whyNoDisks }, { whyNoNamespaces }] = await Promise.all([
    import('../../chaos/own-cluster.js'),
    import('../../chaos/disks.js'),
    import('../../chaos/namespaces.js'),
  ]);
  const isWanted = (...names: string[]) =>
    wanted === undefined || wanted.some(({ name }) => names.includes(name));
  const wantsDisks = isWanted('disk-full', 'power-loss', 'power-loss-all');
  const noDisks = whyNoDisks();
  if (wantsDisks && noDisks !== undefined) note(`without disks of their own for the nodes: ${noDisks}`);
  const sync = flags.sync;
  if (sync !== 'always' && sync !== 'lazy')
    throw new CliError(ExitCode.Usage, `--sync must be always or lazy, not ${sync}`);
  const { network } = flags;
  if (network !== NetworkKind.Proxies && network !== NetworkKind.Namespaces)
    throw new CliError(ExitCode.Usage, `--network must be proxies or namespaces, not ${network}`);
  const noNamespaces = network === NetworkKind.Namespaces ? whyNoNamespaces() : undefined;
  if (noNamespaces !== undefined)
    throw new CliError(
      ExitCode.Usage,
      `--network namespaces: ${noNamespaces}; leave it out to cut proxies instead`,
    );
  return startOwnCluster({
    nodes: parseCount(flags.nodes, '--nodes', 16),
    sync,
    hasNetwork:
      network === NetworkKind.Namespaces || isWanted('partition', 'one-way-cut', 'broken-link', 'slow-link'),
    network,
    hasDisks: wantsDisks && noDisks === undefined,
    signal,
    onProgress: note,
    onDeath,
  }).catch((error: unknown) => {
    throw asCliError(error);
  });
}

/** `--seed` of this command is no credential. */
function withoutSeed({ seed: _, ...flags }: ChaosFlags): ConnectionFlags {
  return flags;
}

/** A cluster of its own is no business of the environment's or a context's servers. */
async function connectionOf(flags: ChaosFlags): ReturnType<typeof connectionOptions> {
  const isRunning = flags.server !== undefined || flags.running === true;
  return isRunning ? connectionOptions(withoutSeed(flags)) : { name: 'dynats chaos' };
}

function wantedFaults(names: string | undefined, all: readonly Fault[]): readonly Fault[] | undefined {
  return names?.split(',').map(name => {
    const found = all.find(fault => fault.name === name.trim());
    if (found !== undefined) return found;
    const known = all.map(fault => fault.name);
    const line = `--faults: there is no fault "${name}": there are ${known.join(', ')}${didYouMean(name, known)}`;
    throw new CliError(ExitCode.Usage, line);
  });
}

function sorted(wanted: readonly Fault[], cluster: TestCluster) {
  const reasons = wanted.map(fault => ({ fault, why: fault.whyNot(cluster) }));
  return {
    possible: reasons.filter(({ why }) => why === undefined).map(({ fault }) => fault),
    impossible: reasons.flatMap(({ fault, why }) => (why === undefined ? [] : [{ name: fault.name, why }])),
  };
}

function linesOf(result: RunResult): string[] {
  const { verdict, convergence } = result;
  const { ok, refused, unknown } = verdict.operations;
  const broken = Object.entries(verdict.counts).map(([rule, count]) => `${count} ${rule}`);
  const struck = Object.entries(result.struck.counts).map(([fault, count]) => `${count} ${fault}`);
  return [
    `faults: ${struck.join(', ') || 'none'}`,
    `${ok + refused + unknown} operations: ${verdict.acked} writes acknowledged, ${refused} refused, ${unknown} of unknown outcome`,
    `longest time without any success ${formatElapsed(result.unavailableMs)}; for one client ${formatElapsed(result.worstClientMs)}`,
    convergence.converged
      ? `owners of ${convergence.keys} keys hold the same, ${formatElapsed(convergence.tookMs)} after the end`
      : `owners of ${convergence.differing.length} of ${convergence.keys} keys differ`,
    ...(result.memory.length === 0 ? [] : [memoryLine(result)]),
    `violations: ${broken.join(', ')}, ${result.unreadable} unreadable`,
    ...verdict.violations.slice(0, violationsShown).map(({ rule, key, what }) => `${rule}: ${key}: ${what}`),
    result.clean ? 'every promise was kept' : 'A PROMISE WAS BROKEN',
  ];
}

function memoryLine({ memory, memoryFlat }: RunResult): string {
  const ofPart = (part: Part) => {
    const its = memory.filter(each => each.part === part);
    const most = (of: (each: MemoryOfPart) => number) => formatSize(Math.max(0, ...its.map(of)));
    return `${titleOf(part)} ${most(each => each.middleBytes)} then ${most(each => each.lastBytes)}`;
  };
  return `memory ${memoryFlat ? 'is flat' : 'GREW'}: at most, in the second and last third, ${parts.map(ofPart).join(', ')}`;
}

/** The first Ctrl-C heals and ends the run, with its verdict; a second one ends the process. */
function interruptible(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(ExitCode.Interrupted);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupt);
  return {
    signal: controller.signal,
    done: () => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupt);
    },
  };
}
