// The faults that the page can make, on the emulator of this machine.
import type { Emulator } from '../../emulator/emulator.js';
import type { Part } from '../../emulator/part.js';
import { isPart } from '../../emulator/part.js';
import type { EmulatorReport, Ended, Restarted } from '../../emulator/report.js';
import { endedLine } from '../commands/emulator-command.js';
import { restartedLine } from '../commands/restart.js';
import { CliError, ExitCode } from '../exit.js';
import type { FaultAction, FaultRequest } from './view.js';

/** An emulator in this process, or one that is given orders over its control socket. */
export interface Faults {
  report(): Promise<EmulatorReport | undefined>;
  kill(node: string, parts?: readonly Part[]): Promise<Ended>;
  pause(node: string, parts?: readonly Part[]): Promise<Ended>;
  resume(node: string): Promise<Ended>;
  restart(node: string): Promise<Restarted>;
}

const actions: readonly FaultAction[] = ['kill', 'pause', 'resume', 'restart'];

/** @throws CliError that names the field. */
export function parseFault(body: unknown): FaultRequest {
  const { action, node, part } = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly [F in keyof FaultRequest]?: unknown;
  };
  const known = actions.find(each => each === action);
  if (known === undefined) throw new CliError(ExitCode.Usage, `action must be one of ${actions.join(', ')}`);
  if (typeof node !== 'string' || !/^[A-Za-z0-9_-]{1,32}$/.test(node))
    throw new CliError(ExitCode.Usage, 'node must be the name of a node');
  if (part === undefined) return { action: known, node };
  if (!isPart(part)) throw new CliError(ExitCode.Usage, 'part must be bus, log or replica');
  if (known === 'resume' || known === 'restart')
    throw new CliError(ExitCode.Usage, `part: ${known} takes whole nodes`);
  return { action: known, node, part };
}

/** @returns the line that the command of that name prints. */
export async function carryOut(faults: Faults, { action, node, part }: FaultRequest): Promise<string> {
  const some = part === undefined ? undefined : [part];
  switch (action) {
    case 'kill':
      return endedLine(node, 'killed', await faults.kill(node, some));
    case 'pause':
      return endedLine(node, 'paused', await faults.pause(node, some));
    case 'resume':
      return endedLine(node, 'resumed', await faults.resume(node));
    case 'restart':
      return restartedLine(node, await faults.restart(node));
  }
}

function none(): never {
  throw new CliError(ExitCode.Usage, 'faults can be made on an emulator of this machine only');
}

/** Of a cluster that is no emulator of this machine. */
export const noFaults: Faults = {
  report: async () => undefined,
  kill: async () => none(),
  pause: async () => none(),
  resume: async () => none(),
  restart: async () => none(),
};

/** Those of an emulator in this process. */
export function faultsOf(emulator: Emulator): Faults {
  return {
    report: async () => emulator.report(),
    kill: (node, parts) => emulator.kill(node, parts),
    pause: (node, parts) => emulator.pause(node, parts),
    resume: node => emulator.resume(node),
    restart: node => emulator.restart(node),
  };
}

/** Those of the emulator on a data directory, whichever process it is of. */
export async function faultsOn(dataDir: string): Promise<Faults> {
  const { control, supervisorOf } = await import('../../emulator/control-client.js');
  return {
    report: async () => (supervisorOf(dataDir) === undefined ? undefined : control(dataDir, 'status', {})),
    kill: (node, parts) => control(dataDir, 'kill', { node, ...(parts === undefined ? {} : { parts }) }),
    pause: (node, parts) => control(dataDir, 'pause', { node, ...(parts === undefined ? {} : { parts }) }),
    resume: node => control(dataDir, 'resume', { node }),
    restart: node => control(dataDir, 'restart', { node }),
  };
}
