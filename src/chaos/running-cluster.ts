// A cluster that runs already: the emulator of a data directory, by its control socket, or one that is only reached by its bus.
import { spawn } from 'node:child_process';
import { control } from '../emulator/control-client.js';
import { type Part, parts } from '../emulator/part.js';
import type { EmulatorReport } from '../emulator/report.js';
import type { NodePids, Processes, TestCluster } from './test-cluster.js';

export interface RunningClusterOptions {
  readonly urls: readonly string[];
  readonly nodes: readonly string[];
  /** Of the emulator that is this cluster; undefined for any other cluster. */
  readonly dataDir?: string;
  /** A shell command, run with `begin` or `heal` behind it. */
  readonly faultCommand?: string;
}

export async function openRunningCluster(options: RunningClusterOptions): Promise<TestCluster> {
  const { urls, nodes, dataDir, faultCommand } = options;
  const report = dataDir === undefined ? undefined : await control(dataDir, 'status', {});
  return {
    nodes,
    urls,
    isSynced: report === undefined ? undefined : report.sync === 'always',
    ...(dataDir === undefined ? {} : { processes: processesOf(dataDir) }),
    ...(faultCommand === undefined ? {} : { command: verb => runCommand(faultCommand, verb) }),
    pids: async () => (dataDir === undefined ? [] : pidsOf(await control(dataDir, 'status', {}))),
    close: async () => {},
  };
}

function processesOf(dataDir: string): Processes {
  const states = async (node: string) => {
    const report = (await control(dataDir, 'status', {})).nodes[node];
    const having = (...wanted: string[]) => parts.filter(part => wanted.includes(report?.[part].state ?? ''));
    return { alive: having('running', 'paused'), paused: having('paused') };
  };
  return {
    kill: async (node, some = parts) => {
      const alive = (await states(node)).alive.filter(part => some.includes(part));
      if (alive.length > 0) await control(dataDir, 'kill', { node, parts: alive });
    },
    pause: async (node, some = parts) => {
      const alive = (await states(node)).alive.filter(part => some.includes(part));
      if (alive.length > 0) await control(dataDir, 'pause', { node, parts: alive });
    },
    mend: async node => {
      const { alive, paused } = await states(node);
      if (paused.length > 0) await control(dataDir, 'resume', { node });
      if (alive.length < parts.length) await control(dataDir, 'restart', { node });
    },
  };
}

function pidsOf(report: EmulatorReport): NodePids[] {
  return Object.entries(report.nodes).flatMap(([node, its]) =>
    parts.flatMap((part: Part) => {
      const { pid } = its[part];
      return pid === null ? [] : [{ node, part, pid }];
    }),
  );
}

function runCommand(command: string, verb: 'begin' | 'heal'): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', `${command} ${verb}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`the fault command ended with ${code ?? signal} at "${verb}"`));
    });
  });
}
