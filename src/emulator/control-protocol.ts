// The language of the control socket: one JSON object a line, a request and its answer on a connection of their own.
import { EmulatorError, EmulatorFault, messageOf, usage } from './emulator-error.js';
import type { PageAccess } from './page-access.js';
import { isPart, type Part } from './part.js';
import type { EmulatorReport, Ended, Linked, Restarted } from './report.js';

/** Each command with what it takes and answers. */
export interface ControlCommands {
  status: { takes: Record<never, never>; answers: EmulatorReport };
  kill: { takes: { node: string; parts?: readonly Part[] }; answers: Ended };
  pause: { takes: { node: string; parts?: readonly Part[] }; answers: Ended };
  resume: { takes: { node: string }; answers: Ended };
  restart: { takes: { node: string }; answers: Restarted };
  cut: { takes: { node: string; others?: readonly string[]; oneWay?: boolean }; answers: Linked };
  heal: { takes: { node?: string; others?: readonly string[] }; answers: Linked };
  /** With what a page may look at the brokers; null where it cannot. */
  access: { takes: Record<never, never>; answers: PageAccess | null };
  down: { takes: Record<never, never>; answers: null };
}
export type ControlCommand = keyof ControlCommands;

export interface ControlRequest {
  readonly command: ControlCommand;
  readonly node: string;
  readonly parts?: readonly Part[];
  readonly others?: readonly string[];
  readonly oneWay?: boolean;
}

export type ControlAnswer = { ok: unknown } | { error: { fault: EmulatorFault; message: string } };

/** Longest request line, in characters. */
export const requestCharsMax = 4096;

const takesNode: Record<ControlCommand, boolean> = {
  status: false,
  kill: true,
  pause: true,
  resume: true,
  restart: true,
  cut: true,
  heal: false,
  access: false,
  down: false,
};

/** @throws EmulatorError when the line is no request. */
export function parseRequest(line: string): ControlRequest {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    throw usage('the request is not valid JSON');
  }
  if (typeof request !== 'object' || request === null) throw usage('the request is no JSON object');
  const { command, node, parts, others, oneWay } = request as {
    readonly [F in keyof ControlRequest]?: unknown;
  };
  if (typeof command !== 'string' || !Object.hasOwn(takesNode, command)) throw usage('unknown command');
  const known = command as ControlCommand;
  if (takesNode[known] && typeof node !== 'string') throw usage(`${known} needs a node`);
  if (parts !== undefined && !(Array.isArray(parts) && parts.every(isPart)))
    throw usage('parts must be a list of bus, log and replica');
  if (others !== undefined && !(Array.isArray(others) && others.every(each => typeof each === 'string')))
    throw usage('others must be a list of names of nodes');
  if (oneWay !== undefined && typeof oneWay !== 'boolean') throw usage('oneWay must be true or false');
  return {
    command: known,
    node: typeof node === 'string' ? node : '',
    ...(parts === undefined ? {} : { parts }),
    ...(others === undefined ? {} : { others }),
    ...(oneWay === undefined ? {} : { oneWay }),
  };
}

export function errorAnswer(error: unknown): ControlAnswer {
  const fault = error instanceof EmulatorError ? error.fault : EmulatorFault.Failed;
  return { error: { fault, message: messageOf(error) } };
}

/** The answer's content. @throws EmulatorError when it is an error, or no answer at all. */
export function parseAnswer(line: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    throw new EmulatorError(EmulatorFault.Failed, 'the emulator ended before it had answered');
  }
  if (typeof answer === 'object' && answer !== null) {
    if ('ok' in answer) return answer.ok;
    const { error } = answer as { error?: { fault?: unknown; message?: unknown } };
    const fault = Object.values(EmulatorFault).find(each => each === error?.fault);
    if (fault !== undefined && typeof error?.message === 'string')
      throw new EmulatorError(fault, error.message);
  }
  throw new EmulatorError(EmulatorFault.Failed, 'the emulator gave an answer that is none');
}
