// The console: one statement a line, from a person with history and Tab completion, or from a file.
import readline from 'node:readline';
import type { ConnectOptions } from '../client/options.js';
import type { Level } from '../model/level.js';
import { complete } from './console/complete.js';
import { History, historyLinesMax } from './console/history.js';
import { Session } from './console/session.js';
import { parseStatement } from './console/statement.js';
import { resolveDataDir } from './data-dir.js';
import { ExitCode as Exit, type ExitCode, exitCodeOf, failureLine } from './exit.js';
import { linesOf } from './lines.js';
import { openClient } from './open-client.js';
import { colorsFor, visible } from './output.js';
import { inConsole } from './remedies.js';
import { defaultBucket } from './request-flags.js';

export interface ConsoleOptions {
  connection: ConnectOptions;
  /** Data directory of the emulator that kill and the like mean; default as for every command. */
  dataDir?: string;
  /** Default stdin. */
  input?: NodeJS.ReadableStream & { isTTY?: boolean };
  /** Default stdout. */
  output?: NodeJS.WritableStream & { isTTY?: boolean };
  /** Takes failures and notes; default stderr, or `output` when that is given. */
  errors?: NodeJS.WritableStream & { isTTY?: boolean };
  bucket?: string;
  /** Level to begin with; default the bucket's. */
  level?: Level;
  via?: string;
}

/**
 * Runs a console until `exit` or the end of the input. A failing statement never ends it.
 *
 * @returns 0, or of a script the exit code of its first line that failed.
 * @throws CliError with exit code 2 when no server can be reached at the start.
 */
export async function runConsole(options: ConsoleOptions): Promise<number> {
  const input = options.input ?? process.stdin;
  const out = options.output ?? process.stdout;
  const errors = options.errors ?? options.output ?? process.stderr;
  const session = new Session({
    connect: () => openClient(options.connection),
    dataDir: options.dataDir ?? resolveDataDir(undefined),
    bucket: options.bucket ?? defaultBucket,
    out,
    note: line => errors.write(`${line}\n`),
  });
  session.level = options.level;
  session.via = options.via;
  await session.open();
  try {
    if (input.isTTY === true && out.isTTY === true) return await converse(session, { input, out, errors });
    return await runScript(session, input, errors);
  } finally {
    await session.close();
  }
}

interface Streams {
  input: NodeJS.ReadableStream;
  out: NodeJS.WritableStream & { isTTY?: boolean };
  errors: NodeJS.WritableStream & { isTTY?: boolean };
}

async function converse(session: Session, { input, out, errors }: Streams): Promise<ExitCode> {
  const history = new History();
  const prompt = readline.createInterface({
    input,
    output: out,
    terminal: true,
    history: history.load().reverse(),
    historySize: historyLinesMax,
    removeHistoryDuplicates: true,
    completer: (line: string) => complete(line, session.nodes),
  });
  prompt.on('SIGINT', () => {
    // As in a shell: Ctrl-C drops the line and nothing else.
    out.write(prompt.line === '' ? '(exit or Ctrl-D leaves the console)\n' : '^C\n');
    prompt.write(null, { ctrl: true, name: 'e' });
    prompt.write(null, { ctrl: true, name: 'u' });
    prompt.prompt();
  });
  errors.write('help lists the statements, as put 137 value137 quorum; Tab completes them.\n');
  const ask = () => {
    prompt.setPrompt(promptOf(session));
    prompt.prompt();
  };
  ask();
  for await (const line of prompt) {
    history.add(line);
    if ((await runLine(session, line, errors)) === 'exit') {
      prompt.close();
      return Exit.Ok;
    }
    ask();
  }
  // Ctrl-D leaves the cursor behind the prompt.
  out.write('\n');
  return Exit.Ok;
}

function promptOf({ level, levelDefault, via }: Session): string {
  const words = [
    'dynats',
    (level ?? levelDefault)?.toLowerCase(),
    via === undefined ? undefined : `via ${via}`,
  ];
  return `${words.filter(word => word !== undefined).join(' ')}> `;
}

/** @returns 0, or the exit code of the first line that failed. */
export async function runScript(
  session: Session,
  input: NodeJS.ReadableStream,
  errors: Streams['errors'],
): Promise<ExitCode> {
  let first: ExitCode = Exit.Ok;
  for await (const line of linesOf(input)) {
    if ('problem' in line) {
      errors.write(`line ${line.number}: ${line.problem}\n`);
      first ||= Exit.Usage;
      continue;
    }
    const result = await runLine(session, line.text, errors, line.number);
    if (result === 'exit') break;
    first ||= result;
  }
  return first;
}

/** @param number the line's number in a script, which goes before its failure. */
async function runLine(
  session: Session,
  line: string,
  errors: Streams['errors'],
  number?: number,
): Promise<ExitCode | 'exit'> {
  try {
    const statement = parseStatement(line);
    if (statement === undefined) return Exit.Ok;
    if (statement.verb === 'exit') return 'exit';
    await session.execute(statement);
    return Exit.Ok;
  } catch (error) {
    const at = number === undefined ? '' : `line ${number}: `;
    errors.write(`${colorsFor(errors).red(`${at}${visible(failureLine(error, inConsole))}`)}\n`);
    return exitCodeOf(error);
  }
}
