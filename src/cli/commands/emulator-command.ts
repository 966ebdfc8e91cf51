// What the commands of the emulator share: their data directory, and the exit codes of its failures.
import type { Command } from 'commander';
import { EmulatorError, EmulatorFault } from '../../emulator/emulator-error.js';
import { linkNames } from '../../emulator/link-names.js';
import { listOf } from '../../emulator/part.js';
import type { Ended, Linked, Restarted } from '../../emulator/report.js';
import { formatElapsed } from '../../model/duration.js';
import { CliError, ExitCode } from '../exit.js';
import { print, printJson } from '../output.js';

const exitCodes: Record<EmulatorFault, ExitCode> = {
  [EmulatorFault.Usage]: ExitCode.Usage,
  [EmulatorFault.NotRunning]: ExitCode.CannotConnect,
  [EmulatorFault.Failed]: ExitCode.Unexpected,
};

/** With --json the outcome is one object, as the emulator told it; else a line. */
export function addDoneFlags(command: Command): Command {
  return addDataFlag(command.option('-j, --json', 'print the outcome as JSON'));
}

export interface DoneFlags {
  data?: string;
  json?: boolean;
}

/** @param node the one it was done to; links have none. */
export function printDone(
  { json }: DoneFlags,
  { node, done, line }: { node?: string; done: Ended | Restarted | Linked; line: string },
): void {
  if (json !== true) print(line);
  else printJson({ ...(node === undefined ? {} : { node }), ...done, tookMs: Math.round(done.tookMs) });
}

export function addDataFlag(command: Command): Command {
  return command.option('--data <dir>', 'data directory of the emulator (default: DYNATS_DATA, or .dynats)');
}

/** Runs the body of a command; expected failures of the emulator become one line with the right exit code. */
export async function withExitCodes<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw asCliError(error);
  }
}

export function asCliError(error: unknown): unknown {
  if (error instanceof EmulatorError)
    return new CliError(exitCodes[error.fault], error.message, { cause: error });
  // The binaries' own error is known by name, so that this file does not load their code.
  if (error instanceof Error && error.name === 'BrokerBinaryError')
    return new CliError(ExitCode.Unexpected, error.message, { cause: error });
  return error;
}

/** `n1: killed bus server, log broker and replica; the others noticed after 12 ms`. */
export function endedLine(node: string, verb: string, { parts, observers, noticed, tookMs }: Ended): string {
  const done = `${node}: ${verb} ${listOf(parts)}`;
  if (observers === 0) return `${done} (${formatElapsed(tookMs)})`;
  return noticed
    ? `${done}; the others noticed after ${formatElapsed(tookMs)}`
    : `${done}; the others have not noticed after ${formatElapsed(tookMs)}`;
}

/** `n1 – n2: cut; both sides noticed after 3 s`, `n1 → n2: cut...` for one direction. */
export function linkedLine(verb: 'cut' | 'healed', { ways, noticed, tookMs }: Linked): string {
  const after = formatElapsed(tookMs);
  const links = linkNames(ways).join(', ');
  if (!noticed) return `${links}: ${verb}; not all at its ends have noticed after ${after}`;
  return verb === 'cut'
    ? `${links}: cut; the other end is down for each that hears nothing, after ${after}`
    : `${links}: healed; all at its ends see each other again after ${after}`;
}
