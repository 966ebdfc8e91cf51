// Which machine, which versions: what a number stands beside.
import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';
import { ensureBinary } from '../src/emulator/binaries/ensure-binary.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly storage: string;
  readonly node: string;
  readonly natsServer: string;
  readonly natsClient: string;
  readonly dynats: string;
  /** Processes that wanted to run, over the last minute, before the first measurement. */
  readonly load: number;
}

/** Magic numbers of file systems that a store is likely to lie on. */
const fileSystems: Record<number, string> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
};

export async function describeMachine(): Promise<Machine> {
  const [cpu] = os.cpus();
  const { type } = statfsSync(os.tmpdir());
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()}`,
    storage: fileSystems[type] ?? `file system ${type.toString(16)}`,
    node: process.version,
    natsServer: (await ensureBinary('nats-server')).version,
    natsClient: packageVersion('node_modules/@nats-io/transport-node/package.json'),
    dynats: packageVersion('package.json'),
    load: os.loadavg()[0] ?? 0,
  };
}

function packageVersion(file: string): string {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const ticksPerSecond = 100;

/** CPU time that processes have used so far, in microseconds; undefined where the system does not tell. */
export function cpuMicrosOf(pids: readonly number[]): number | undefined {
  let ticks = 0;
  for (const pid of pids)
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [user = 0, system = 0] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13)
        .map(Number);
      ticks += user + system;
    } catch {
      return undefined;
    }
  return (ticks * 1_000_000) / ticksPerSecond;
}

/** Memory that a process holds, in bytes; undefined where the system does not tell. */
export function residentBytes(pid: number): number | undefined {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match?.[1] === undefined ? undefined : Number(match[1]) * 1024;
  } catch {
    return undefined;
  }
}
