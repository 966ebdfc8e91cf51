// Every kind of fault, by name.
import { clock } from './clock.js';
import { command } from './command.js';
import { bitFlip, deletedStream, truncation, wipe } from './damage.js';
import { fullDisk, powerLoss, powerLossOfAll } from './disk.js';
import type { Fault } from './fault.js';
import { kill } from './kill.js';
import { brokenLink, oneWayCut, partition, slowLink } from './network.js';
import { pause } from './pause.js';
import { restartStorm } from './restart-storm.js';
import { rollingRestart } from './rolling-restart.js';

export const faults: readonly Fault[] = [
  kill,
  pause,
  restartStorm,
  rollingRestart,
  partition,
  oneWayCut,
  brokenLink,
  slowLink,
  clock,
  bitFlip,
  truncation,
  deletedStream,
  wipe,
  fullDisk,
  powerLoss,
  powerLossOfAll,
  command,
];

export function faultNamed(name: string): Fault | undefined {
  return faults.find(fault => fault.name === name);
}
