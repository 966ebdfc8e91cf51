// Starts a nats-server and waits until it listens.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatDuration } from '../model/duration.js';
import { Child } from './child.js';
import { failed, messageOf } from './emulator-error.js';
import { isAlive } from './process-table.js';
import { waitUntil } from './wait-until.js';

/** Recovering a large store comes before listening. */
const startLimitMs = 60_000;
const pollMs = 10;

export interface BrokerSpec {
  /** For messages: `the log broker of n1`. */
  title: string;
  /** Path of nats-server. */
  binary: string;
  /** Directory for what the server writes about itself; the configuration names it as `ports_file_dir`. */
  dir: string;
  configFile: string;
  /** Command that runs it elsewhere, as `NodeHosts` has it. */
  within?: readonly string[] | undefined;
  config: string;
  logFile: string;
}

/** Starts the process; `brokerListens` waits for it. */
export function startBroker(spec: BrokerSpec): Child {
  try {
    mkdirSync(spec.dir, { recursive: true, mode: 0o700 });
    sweepPortsFiles(spec.dir);
    writeFileSync(spec.configFile, spec.config, { mode: 0o600 });
  } catch (error) {
    throw failed(`${spec.title} cannot start: ${messageOf(error)}`, error);
  }
  return Child.start({
    title: spec.title,
    command: spec.binary,
    args: ['-c', spec.configFile],
    within: spec.within,
    logFile: spec.logFile,
  });
}

/**
 * Waits until the server listens on all its ports. It says so in a file named after its pid, so that another process
 * on the same port is never taken for it.
 *
 * @throws EmulatorError when it ends first, with the last line of its log.
 */
export async function brokerListens(broker: Child, spec: BrokerSpec): Promise<void> {
  const ready = await waitUntil(() => !broker.running || saysItListens(spec.dir, broker.pid), {
    limitMs: startLimitMs,
    everyMs: pollMs,
  });
  if (!broker.running) throw failed(`${spec.title} did not start: ${broker.whyEnded()}`);
  if (!ready)
    throw failed(`${spec.title} does not listen after ${formatDuration(startLimitMs)}; see ${spec.logFile}`);
}

const portsFile = /_(\d+)\.ports$/;

function saysItListens(dir: string, pid: number | undefined): boolean {
  return pid !== undefined && readdirSync(dir).some(file => Number(portsFile.exec(file)?.[1]) === pid);
}

/** Removes what killed servers left: a new one may be given the same pid. */
function sweepPortsFiles(dir: string): void {
  for (const file of readdirSync(dir)) {
    const pid = portsFile.exec(file)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(path.join(dir, file), { force: true });
  }
}
