// `dynats node`: one node from its configuration file, as the emulator runs it and as a host of its own does.

import { type Command, Option } from 'commander';
import type { OwnLogBroker } from '../../emulator/own-log-broker.js';
import type { ReplicaMessage } from '../../emulator/replica-message.js';
import type { RunnableConfig } from '../../node/node.js';
import type { Logger } from '../../ports.js';
import type { NodeConfig } from '../../wire/generated/types.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { type LogFormat, nodeLogger } from '../node-logger.js';
import { parseCount } from '../numbers.js';
import { note } from '../output.js';
import { asCliError } from './emulator-command.js';

/** A configuration file is small; anything larger is some other file. */
const configBytesMax = 1024 * 1024;

interface NodeFlags {
  config: string;
  logFormat?: LogFormat;
  logLevel?: NonNullable<NodeConfig['logLevel']>;
  metricsPort?: string;
  /** Given by the emulator on its very first start, by nobody else: it says that a missing log was never there. */
  newCluster?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('node')
    .description('run one node: its replica and, when the file says so, its log broker')
    .requiredOption(
      '--config <file>',
      'configuration file, JSON; its schema is schemas/node-config.json (required)',
    )
    .addOption(
      new Option('--log-format <format>', 'json: one object a line; pretty: for a person')
        .choices(['json', 'pretty'])
        .default('json'),
    )
    .addOption(
      new Option(
        '--log-level <level>',
        "what is logged, in place of the file's logLevel (default: info)",
      ).choices(['debug', 'info', 'warn', 'error', 'silent']),
    )
    .option(
      '--metrics-port <port>',
      "serve metrics to Prometheus, in place of the file's metrics.port (default: that, or nowhere)",
    )
    .addOption(new Option('--new-cluster').hideHelp())
    .action(
      async ({ config: file, newCluster = false, logFormat = 'json', logLevel, metricsPort }: NodeFlags) => {
        try {
          const config = withMetrics(await readConfig(file), metricsPort);
          const level = logLevel ?? config.logLevel ?? 'info';
          await runNode(config, newCluster, await nodeLogger(config.node, level, logFormat));
        } catch (error) {
          const shown = asCliError(error);
          tell({ type: 'fatal', message: shown instanceof Error ? shown.message : String(shown) });
          throw shown;
        } finally {
          if (process.connected) process.disconnect();
        }
      },
    );
  explain(command, {
    notes: 'Logs go to stderr, a JSON object a line. Runs until SIGTERM or Ctrl-C, which end it cleanly.',
    examples: [
      'dynats node --config /etc/dynats/n0.json',
      [
        'dynats node --config n0.json --metrics-port 9464',
        'metrics on the loopback, if the file does not say where',
      ],
      'dynats node --config n0.json --log-format pretty --log-level debug',
    ],
  });
}

/** Resolves after a clean stop, rejects when the node failed. */
async function runNode(config: NodeConfig, isNewCluster: boolean, logger: Logger): Promise<void> {
  const { startNode } = await import('../../node/node.js');
  const stopAsked = stopRequest();
  const broker = await startOwnBroker(config);
  try {
    const starting = startNode(broker === undefined ? runnable(config) : besideBroker(config, broker.url), {
      logger,
      isNewCluster,
      onState: report => {
        tell({ type: 'state', ...report });
        broker?.heard(report.logTrouble);
      },
    });
    const brokerDied = broker?.died.then(diedBroker) ?? stopAsked;
    const node = await Promise.race([starting, stopAsked, brokerDied]);
    if (node instanceof Error) throw node;
    if (node === undefined) return await leaveEarly(broker);
    const failure = await Promise.race([node.closed, brokerDied, stopAsked]);
    await node.stop();
    if (failure !== undefined) throw failure;
  } finally {
    await broker?.stop();
  }
}

function runnable({ log, ...config }: NodeConfig): RunnableConfig {
  if (!('url' in log)) throw new Error('a log broker of its own was not started');
  return { ...config, log };
}

/** Beside a log broker of its own, which asks nobody for a name and has no TLS: the credentials are those of its leaf connection. */
function besideBroker({ credentials, ...config }: NodeConfig, url: string): RunnableConfig {
  const { publicUrl } = config.log;
  return {
    // What a heartbeat names is believed without being asked for only where nobody is asked for a name.
    shortcuts: credentials === undefined,
    ...config,
    log: { url, domain: config.node, ...(publicUrl === undefined ? {} : { publicUrl }) },
  };
}

/** A start cannot be called back, and need not be: nothing is open that the end of the process would harm. */
async function leaveEarly(broker: OwnLogBroker | undefined): Promise<never> {
  await broker?.stop();
  process.exit(ExitCode.Ok);
}

function diedBroker(why: string): Error {
  return new CliError(ExitCode.Unexpected, `the log broker of this node ended: ${why}`);
}

async function startOwnBroker(config: NodeConfig): Promise<OwnLogBroker | undefined> {
  if (!('storeDir' in config.log)) return undefined;
  const { OwnLogBroker } = await import('../../emulator/own-log-broker.js');
  return OwnLogBroker.start(config, config.log, note);
}

/** Resolves when this process is asked to stop: by a signal, or by the end of the emulator that started it. */
function stopRequest(): Promise<undefined> {
  return new Promise(resolve => {
    const stop = () => resolve(undefined);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    process.once('disconnect', stop);
  });
}

function tell(message: ReplicaMessage): void {
  if (process.connected) process.send?.(message);
}

/** The address to listen on stays the file's. */
function withMetrics(config: NodeConfig, port: string | undefined): NodeConfig {
  if (port === undefined) return config;
  return { ...config, metrics: { ...config.metrics, port: parseCount(port, '--metrics-port', 65_535) } };
}

async function readConfig(file: string): Promise<NodeConfig> {
  const { readFile } = await import('node:fs/promises');
  const { InvalidRequestError } = await import('../../errors.js');
  const { check, parseJson } = await import('../../wire/json.js');
  const { nodeConfig } = await import('../../wire/generated/validators.js');
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(ExitCode.Usage, `cannot read the configuration ${file}: ${why}`, { cause });
  }
  if (content.length > configBytesMax)
    throw new CliError(ExitCode.Usage, `${file} is no configuration of a node: over ${configBytesMax} bytes`);
  try {
    const config = check(nodeConfig, parseJson(content));
    if (!config.cluster.nodes.includes(config.node))
      throw new InvalidRequestError('node', `node ${config.node} is not among cluster.nodes`);
    return config;
  } catch (cause) {
    if (!(cause instanceof InvalidRequestError)) throw cause;
    throw new CliError(
      ExitCode.Usage,
      `${file}: ${cause.message.replace('the message', 'the configuration')}`,
      { cause },
    );
  }
}
