// The `dynats` command: which verbs there are. Each loads what it needs only when it runs.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addConnectionFlags } from './connection.js';
import { ExitCode, quietWhenReaderLeaves, report } from './exit.js';

interface CommandModule {
  register(program: Command): void;
}

/** Under each heading, in the order of the help, the verbs and what loads them. */
const groups: Readonly<Record<string, Readonly<Record<string, () => Promise<CommandModule>>>>> = {
  'Emulator (a cluster of local processes):': {
    up: () => import('./commands/up.js'),
    down: () => import('./commands/down.js'),
    status: () => import('./commands/status.js'),
    kill: () => import('./commands/kill.js'),
    pause: () => import('./commands/pause.js'),
    resume: () => import('./commands/resume.js'),
    restart: () => import('./commands/restart.js'),
  },
  'Data:': {
    put: () => import('./commands/put.js'),
    get: () => import('./commands/get.js'),
    del: () => import('./commands/del.js'),
    ls: () => import('./commands/ls.js'),
    watch: () => import('./commands/watch.js'),
    touch: () => import('./commands/touch.js'),
    bucket: () => import('./commands/bucket.js'),
    console: () => import('./commands/console.js'),
    import: () => import('./commands/import.js'),
    export: () => import('./commands/export.js'),
  },
  'Insight:': {
    dashboard: () => import('./commands/dashboard.js'),
    inspect: () => import('./commands/inspect.js'),
    why: () => import('./commands/why.js'),
    hints: () => import('./commands/hints.js'),
    outcome: () => import('./commands/outcome.js'),
    repair: () => import('./commands/repair.js'),
    bench: () => import('./commands/bench.js'),
    chaos: () => import('./commands/chaos.js'),
    'check-history': () => import('./commands/check-history.js'),
  },
  'Learning:': {
    learn: () => import('./commands/learn.js'),
  },
  'One node on a host of its own:': {
    node: () => import('./commands/node.js'),
    certs: () => import('./commands/certs.js'),
  },
};

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

/** The verb, if it is plain to see: then no other need be loaded. */
function plainVerb([first]: readonly string[]): string | undefined {
  return Object.values(groups).some(verbs => Object.hasOwn(verbs, first ?? '')) ? first : undefined;
}

async function build(args: readonly string[]): Promise<Command> {
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
  const wanted = plainVerb(args);
  for (const [heading, verbs] of Object.entries(groups)) {
    program.commandsGroup(heading);
    const some = Object.entries(verbs).filter(([verb]) => wanted === undefined || verb === wanted);
    for (const { register } of await Promise.all(some.map(([, load]) => load()))) register(program);
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
  const program = await build(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  const exitCode = report(error);
  if (exitCode !== ExitCode.Ok) process.exitCode = exitCode;
}
await endProcess();
