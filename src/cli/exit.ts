// Exit codes, and the one line a person sees when a command fails.
import { DynatsError, ErrorCode } from '../errors.js';
import { errorLine } from './output.js';
import { inShell, type Remedies } from './remedies.js';

/** What a script may rely on. 4 and 7 are left free, as etcd's tools use them for other things. */
export const ExitCode = {
  Ok: 0,
  Unexpected: 1,
  CannotConnect: 2,
  Usage: 3,
  LevelNotReached: 5,
  KeyNotFound: 6,
  Timeout: 124,
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** A failure with its exit code. The message is one line that says what to do next; empty prints nothing. */
export class CliError extends Error {
  override name = 'CliError';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const exitCodes: Record<ErrorCode, ExitCode> = {
  [ErrorCode.Unavailable]: ExitCode.LevelNotReached,
  [ErrorCode.Overloaded]: ExitCode.LevelNotReached,
  [ErrorCode.WriteTimeout]: ExitCode.Timeout,
  [ErrorCode.ReadTimeout]: ExitCode.Timeout,
  [ErrorCode.InvalidRequest]: ExitCode.Usage,
  [ErrorCode.Forbidden]: ExitCode.Usage,
  [ErrorCode.Closed]: ExitCode.CannotConnect,
  [ErrorCode.Internal]: ExitCode.Unexpected,
};

/** Commander's own errors, known by shape so that this file does not load it. */
function commanderExit(error: Error): ExitCode | undefined {
  if (!('code' in error) || typeof error.code !== 'string' || !error.code.startsWith('commander.'))
    return undefined;
  return 'exitCode' in error && error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
}

/**
 * A TypeError thrown on purpose. V8 throws the same class at a defect and gives no code, so that only the message
 * tells them apart; TypeErrors of Node itself carry a code.
 */
function isBadArgument(error: unknown): error is TypeError {
  return (
    error instanceof TypeError &&
    !('code' in error) &&
    !/^Cannot (read|set) | is not (a function|iterable)/.test(error.message)
  );
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof DynatsError) return exitCodes[error.code];
  if (isBadArgument(error)) return ExitCode.Usage;
  return (error instanceof Error ? commanderExit(error) : undefined) ?? ExitCode.Unexpected;
}

/** What helps after a failure that no command has explained better. */
const advice: Record<ErrorCode, (say: Remedies) => string> = {
  [ErrorCode.Unavailable]: say => `see ${say.status} for who is down, or try ${say.lowerLevel}`,
  [ErrorCode.Overloaded]: () => 'retry, or send fewer requests at a time',
  [ErrorCode.WriteTimeout]: say => `read the key to see, or repeat the write with ${say.longerTimeout}`,
  [ErrorCode.ReadTimeout]: say => `retry with ${say.longerTimeout}, or try ${say.lowerLevel}`,
  [ErrorCode.InvalidRequest]: () => '',
  [ErrorCode.Forbidden]: () => '',
  [ErrorCode.Closed]: say => `see ${say.status}, or ${say.servers}`,
  [ErrorCode.Internal]: () => 'DYNATS_DEBUG=1 shows more; see also the log of the node',
};

/** What helps when a field of the request is at fault. */
const advices: Readonly<Record<string, (say: Remedies) => string>> = {
  'bucket: ': say => `${say.shellOnly('dynats bucket ls')} lists them`,
  'ttlMs: ': () => 'say it with --ttl, as 30m or 500ms',
};

/** One line: the code when there is one, what happened, what to do next. */
export function failureLine(error: unknown, say: Remedies = inShell): string {
  if (error instanceof DynatsError) {
    const field =
      'field' in error && typeof error.field === 'string' && error.field !== '' ? `${error.field}: ` : '';
    // Messages often name their field already: say it once.
    const said = field !== '' && error.message.includes(field.slice(0, -2)) ? '' : field;
    const next = advices[field] ?? advice[error.code];
    return `${error.code}: ${said}${error.message}${next(say) === '' ? '' : `${error.message.endsWith('?') ? '' : ':'} ${next(say)}`}`;
  }
  if (error instanceof CliError) return error.message;
  if (isBadArgument(error)) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `${message || 'unknown failure'} (unexpected; DYNATS_DEBUG=1 shows where)`;
}

/** Reports a failure on stderr, once, and returns the exit code. Commander has printed its own already. */
export function report(error: unknown, env: NodeJS.ProcessEnv = process.env): ExitCode {
  const exitCode = exitCodeOf(error);
  const printed = error instanceof Error && commanderExit(error) !== undefined;
  if (!printed) {
    const line = failureLine(error);
    if (line !== '') errorLine(line);
  }
  if (env['DYNATS_DEBUG'] === '1' && error instanceof Error && !printed)
    process.stderr.write(`${trace(error)}\n`);
  return exitCode;
}

function trace(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${trace(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

/** A reader that has seen enough (`dynats inspect | head`) is no failure. */
export function quietWhenReaderLeaves(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? ExitCode.Ok);
    errorLine(`cannot write the output: ${error.message}`);
    process.exit(ExitCode.Unexpected);
  });
}
