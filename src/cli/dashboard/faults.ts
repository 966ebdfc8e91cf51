// The faults that the page can make, on the emulator of this machine.
import type { Emulator } from '../../emulator/emulator.js';
import type { PageAccess } from '../../emulator/page-access.js';
import type { Part } from '../../emulator/part.js';
import { isPart } from '../../emulator/part.js';
import type { EmulatorReport, Ended, Linked, Restarted } from '../../emulator/report.js';
import { endedLine, linkedLine } from '../commands/emulator-command.js';
import { restartedLine } from '../commands/restart.js';
import { CliError, ExitCode } from '../exit.js';
import type { FaultAction, FaultRequest } from './view.js';

/** An emulator in this process, or one that is given orders over its control socket. */
export interface Faults {
  readonly report: () => Promise<EmulatorReport | undefined>;
  /** With what a page may look at its brokers. */
  access(): Promise<PageAccess | undefined>;
  kill(node: string, parts?: readonly Part[]): Promise<Ended>;
  pause(node: string, parts?: readonly Part[]): Promise<Ended>;
  resume(node: string): Promise<Ended>;
  restart(node: string): Promise<Restarted>;
  cut(node: string, others: readonly string[]): Promise<Linked>;
  heal(node: string | undefined, others: readonly string[]): Promise<Linked>;
}

const actions: readonly FaultAction[] = ['kill', 'pause', 'resume', 'restart', 'cut', 'heal'];
const nodeName = /^[A-Za-z0-9_-]{1,32}$/;

/** @throws CliError that names the field. */
export function parseFault(body: unknown): FaultRequest {
  const { action, node, other, part } = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly [F in keyof FaultRequest]?: unknown;
  };
  const known = actions.find(each => each === action);
  if (known === undefined) throw new CliError(ExitCode.Usage, `action must be one of ${actions.join(', ')}`);
  const isOfLinks = known === 'cut' || known === 'heal';
  if (node !== undefined || known !== 'heal') mustName('node', node);
  if (other !== undefined) mustName('other', other);
  if (other !== undefined && !isOfLinks) throw new CliError(ExitCode.Usage, `other: ${known} takes one node`);
  const fault = {
    action: known,
    ...(typeof node === 'string' ? { node } : {}),
    ...(typeof other === 'string' ? { other } : {}),
  };
  if (part === undefined) return fault;
  if (!isPart(part)) throw new CliError(ExitCode.Usage, 'part must be bus, log or replica');
  if (known !== 'kill' && known !== 'pause')
    throw new CliError(ExitCode.Usage, `part: ${known} takes whole nodes`);
  return { ...fault, part };
}

function mustName(field: string, value: unknown): void {
  if (typeof value !== 'string' || !nodeName.test(value))
    throw new CliError(ExitCode.Usage, `${field} must be the name of a node`);
}

/** @returns the line that the command of that name prints. */
export async function carryOut(faults: Faults, { action, node, other, part }: FaultRequest): Promise<string> {
  const some = part === undefined ? undefined : [part];
  const others = other === undefined ? [] : [other];
  if (action === 'heal') return linkedLine('healed', await faults.heal(node, others));
  if (node === undefined) throw new CliError(ExitCode.Usage, 'node must be the name of a node');
  switch (action) {
    case 'kill':
      return endedLine(node, 'killed', await faults.kill(node, some));
    case 'pause':
      return endedLine(node, 'paused', await faults.pause(node, some));
    case 'resume':
      return endedLine(node, 'resumed', await faults.resume(node));
    case 'restart':
      return restartedLine(node, await faults.restart(node));
    case 'cut':
      return linkedLine('cut', await faults.cut(node, others));
  }
}

function none(): never {
  throw new CliError(ExitCode.Usage, 'faults can be made on an emulator of this machine only');
}

/** Of a cluster that is no emulator of this machine. */
export const noFaults: Faults = {
  report: async () => undefined,
  access: async () => undefined,
  kill: async () => none(),
  pause: async () => none(),
  resume: async () => none(),
  restart: async () => none(),
  cut: async () => none(),
  heal: async () => none(),
};

/** Those of an emulator in this process. */
export function faultsOf(emulator: Emulator): Faults {
  return {
    report: async () => emulator.report(),
    access: async () => emulator.pageAccess,
    kill: (node, parts) => emulator.kill(node, parts),
    pause: (node, parts) => emulator.pause(node, parts),
    resume: node => emulator.resume(node),
    restart: node => emulator.restart(node),
    cut: (node, others) => emulator.cut(node, { others }),
    heal: (node, others) => emulator.heal(node, others),
  };
}

/** Those of the emulator on a data directory, whichever process it is of. */
export async function faultsOn(dataDir: string): Promise<Faults> {
  const { control, supervisorOf } = await import('../../emulator/control-client.js');
  const isThere = () => supervisorOf(dataDir) !== undefined;
  return {
    report: async () => (isThere() ? control(dataDir, 'status', {}) : undefined),
    access: async () => (isThere() ? ((await control(dataDir, 'access', {})) ?? undefined) : undefined),
    kill: (node, parts) => control(dataDir, 'kill', { node, ...(parts === undefined ? {} : { parts }) }),
    pause: (node, parts) => control(dataDir, 'pause', { node, ...(parts === undefined ? {} : { parts }) }),
    resume: node => control(dataDir, 'resume', { node }),
    restart: node => control(dataDir, 'restart', { node }),
    cut: (node, others) => control(dataDir, 'cut', { node, others }),
    heal: (node, others) => control(dataDir, 'heal', node === undefined ? {} : { node, others }),
  };
}
