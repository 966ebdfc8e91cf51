// The `dynats` command: which verbs there are. Each loads what it needs only when it runs.
import { Command } from 'commander';
import { VERSION } from '../version.js';
import { addConnectionFlags } from './connection.js';
import { ExitCode, quietWhenReaderLeaves, report } from './exit.js';
import { explain, helpStyle } from './help-text.js';
import { endWhenInterrupted } from './interrupt.js';
import { unknownOption } from './unknown-option.js';

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
    cut: () => import('./commands/cut.js'),
    heal: () => import('./commands/heal.js'),
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
    backup: () => import('./commands/backup.js'),
    restore: () => import('./commands/restore.js'),
    migrate: () => import('./commands/migrate.js'),
  },
  'Insight:': {
    dashboard: () => import('./commands/dashboard.js'),
    check: () => import('./commands/check.js'),
    inspect: () => import('./commands/inspect.js'),
    tap: () => import('./commands/tap.js'),
    top: () => import('./commands/top.js'),
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
  'Help:': {
    cheat: () => import('./commands/cheat.js'),
    completion: () => import('./commands/completion.js'),
    man: () => import('./commands/man.js'),
  },
};

/** These tell of all others. */
const treeVerbs = new Set(['man', 'help']);
/** What the completion of a shell asks, with the words of the line behind it. */
const completeVerb = '__complete';

const helpText = {
  notes: `Exit codes: 0 ok, 1 unexpected, 2 cannot connect, 3 bad usage or invalid input, 5 level not reached, 6 key not found, 124 timeout, 130 interrupted.
Durations are written 500ms, 2s, 5m or 1h30m; sizes 100B, 64KiB or 1.5MiB. NO_COLOR is respected, DYNATS_DEBUG=1 shows where a failure came from.`,
  examples: [
    ['dynats up --console', 'start four nodes here and open the console'],
    'dynats put 137 value137 --level quorum',
    'dynats get 137 --level one --via n3',
    ['dynats inspect --key 137', 'who owns a key, and what each owner holds'],
    ['dynats cheat', 'everything on one page'],
  ],
} as const;

/** Commander's failures as all others are: one line, beginning with the name of the command. */
function oneLine(text: string): string {
  const [, what = text, meant] = /^error: (.*?)\n(?:\(Did you mean (.*)\?\)\n)?$/s.exec(text) ?? [];
  return `dynats: ${what.trimEnd()}${meant === undefined ? '' : `; did you mean ${meant}?`}\n`;
}

/** An unknown option is answered with the options of the very command that was meant. */
function answerUnknownOptions(command: Command): void {
  command.configureOutput({
    outputError: (text, write) => {
      const [, flag] = /^error: unknown option '(.*?)'\n/s.exec(text) ?? [];
      write(flag === undefined ? oneLine(text) : `dynats: ${unknownOption(command, flag)}\n`);
    },
  });
  for (const each of command.commands) answerUnknownOptions(each);
}

/** Options given before the verb hold for it, unless it has been given them itself. */
function inheritOptions(root: Command, action: Command): void {
  for (const [name, value] of Object.entries(root.opts()))
    if (root.getOptionValueSource(name) === 'cli' && action.getOptionValueSource(name) !== 'cli')
      action.setOptionValueWithSource(name, value, 'cli');
}

/** The verb, if it is plain to see: then no other need be loaded. */
function plainVerb([first]: readonly string[]): string | undefined {
  if (first === undefined || treeVerbs.has(first)) return undefined;
  return Object.values(groups).some(verbs => Object.hasOwn(verbs, first)) ? first : undefined;
}

/** The commands that `args` need: one when it is plain which, else all. */
export async function build(args: readonly string[]): Promise<Command> {
  const program = new Command('dynats')
    .description('A leaderless replicated key-value store over NATS, with consistency chosen per request.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp(helpStyle)
    .exitOverride()
    .showHelpAfterError('(add --help for how to use it)')
    // `dynats --server URL get 137` as well as `dynats get 137 --server URL`.
    .enablePositionalOptions()
    .hook('preAction', (root, action) => inheritOptions(root, action));
  explain(program, helpText);
  addConnectionFlags(program);
  for (const option of program.options) if (option.attributeName() !== 'version') option.hideHelp();
  const wanted = plainVerb(args);
  for (const [heading, verbs] of Object.entries(groups)) {
    program.commandsGroup(heading);
    const some = Object.entries(verbs).filter(([verb]) => wanted === undefined || verb === wanted);
    for (const { register } of await Promise.all(some.map(([, load]) => load()))) register(program);
  }
  program.helpCommand('help [command]', 'show how to use a command');
  answerUnknownOptions(program);
  return program;
}

/** Ends at once, whatever timers are left; but not before a pipe has taken all output. */
async function endProcess(): Promise<never> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(streams.map(stream => new Promise(resolve => stream.write('', resolve))));
  process.exit();
}

async function run(args: readonly string[]): Promise<void> {
  quietWhenReaderLeaves();
  endWhenInterrupted();
  try {
    if (args[0] === completeVerb) {
      const [{ answerShell }, program] = await Promise.all([
        import('./completion/answer.js'),
        build(args.slice(1)),
      ]);
      await answerShell(program, args.slice(1));
    } else await (await build(args)).parseAsync();
  } catch (error) {
    const exitCode = report(error);
    if (exitCode !== ExitCode.Ok) process.exitCode = exitCode;
  }
  await endProcess();
}

// Imported as main.js?tree, by what tells of the commands or checks them, it runs none.
if (new URL(import.meta.url).search !== '?tree') await run(process.argv.slice(2));
