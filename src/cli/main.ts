// The `dynats` command: which verbs there are. Each loads what it needs only when it runs.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import * as benchCommand from './commands/bench.js';
import * as bucketCommand from './commands/bucket.js';
import * as certsCommand from './commands/certs.js';
import * as consoleCommand from './commands/console.js';
import * as delCommand from './commands/del.js';
import * as downCommand from './commands/down.js';
import * as exportCommand from './commands/export.js';
import * as getCommand from './commands/get.js';
import * as hintsCommand from './commands/hints.js';
import * as importCommand from './commands/import.js';
import * as inspectCommand from './commands/inspect.js';
import * as killCommand from './commands/kill.js';
import * as lsCommand from './commands/ls.js';
import * as nodeCommand from './commands/node.js';
import * as outcomeCommand from './commands/outcome.js';
import * as pauseCommand from './commands/pause.js';
import * as putCommand from './commands/put.js';
import * as repairCommand from './commands/repair.js';
import * as restartCommand from './commands/restart.js';
import * as resumeCommand from './commands/resume.js';
import * as statusCommand from './commands/status.js';
import * as touchCommand from './commands/touch.js';
import * as upCommand from './commands/up.js';
import * as watchCommand from './commands/watch.js';
import * as whyCommand from './commands/why.js';
import { addConnectionFlags } from './connection.js';
import { ExitCode, quietWhenReaderLeaves, report } from './exit.js';

interface CommandModule {
  register(program: Command): void;
}

const groups: readonly { heading: string; commands: readonly CommandModule[] }[] = [
  {
    heading: 'Emulator (a cluster of local processes):',
    commands: [
      upCommand,
      downCommand,
      statusCommand,
      killCommand,
      pauseCommand,
      resumeCommand,
      restartCommand,
    ],
  },
  {
    heading: 'Data:',
    commands: [
      putCommand,
      getCommand,
      delCommand,
      lsCommand,
      watchCommand,
      touchCommand,
      bucketCommand,
      consoleCommand,
      importCommand,
      exportCommand,
    ],
  },
  {
    heading: 'Insight:',
    commands: [inspectCommand, whyCommand, hintsCommand, outcomeCommand, repairCommand, benchCommand],
  },
  { heading: 'One node on a host of its own:', commands: [nodeCommand, certsCommand] },
];

const examples = `
Examples:
  dynats up --console                     start four nodes here and open the console
  dynats put 137 value137 --level quorum
  dynats get 137 --level one --via n3
  dynats inspect --key 137                who owns a key, and what each owner holds

Exit codes: 0 ok, 1 unexpected, 2 cannot connect, 3 bad usage or invalid input, 5 level not reached,
6 key not found, 124 timeout, 130 interrupted.`;

function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Options given before the verb hold for it, unless it has been given them itself. */
function inheritOptions(root: Command, action: Command): void {
  for (const [name, value] of Object.entries(root.opts()))
    if (root.getOptionValueSource(name) === 'cli' && action.getOptionValueSource(name) !== 'cli')
      action.setOptionValueWithSource(name, value, 'cli');
}

function build(): Command {
  const program = new Command('dynats')
    .description('A leaderless replicated key-value store over NATS, with consistency chosen per request.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', examples)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'dynats: ')) })
    .showHelpAfterError('(add --help for how to use it)')
    // `dynats --server URL get 137` as well as `dynats get 137 --server URL`.
    .enablePositionalOptions()
    .hook('preAction', (root, action) => inheritOptions(root, action));
  addConnectionFlags(program);
  for (const option of program.options) if (option.attributeName() !== 'version') option.hideHelp();
  for (const { heading, commands } of groups) {
    program.commandsGroup(heading);
    for (const command of commands) command.register(program);
  }
  program.commandsGroup('Help:').helpCommand('help [command]', 'show how to use a command');
  return program;
}

/** Ends at once, whatever timers are left; but not before a pipe has taken all output. */
async function endProcess(): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(streams.map(stream => new Promise(resolve => stream.write('', resolve))));
  process.exit();
}

quietWhenReaderLeaves();
try {
  await build().parseAsync();
} catch (error) {
  const exitCode = report(error);
  if (exitCode !== ExitCode.Ok) process.exitCode = exitCode;
}
await endProcess();
