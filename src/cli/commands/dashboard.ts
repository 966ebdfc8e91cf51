// `dynats dashboard`: serves the page that shows a cluster, until it is stopped.

import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { addConnectionFlags, type ConnectionFlags, connectionOptions, namesServers } from '../connection.js';
import type { Faults } from '../dashboard/faults.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { note, print } from '../output.js';
import { withExitCodes } from './emulator-command.js';

interface DashboardFlags extends ConnectionFlags {
  port?: string;
  listen?: string;
  open?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('dashboard')
    .description('serve a page that shows the cluster live: ring, keys, requests, latency, faults')
    .option('--port <port>', 'port of the page; 0 for any (default: the first free one from 8222 on)')
    .option('--listen <address>', 'address to serve it on (default: 127.0.0.1, this machine only)')
    .option('--open', 'open the page in the browser');
  addConnectionFlags(command).action((flags: DashboardFlags) => withExitCodes(() => serve(flags)));
  explain(command, {
    notes:
      'The page is given what it shows and no credentials: this command connects, with the flags above, and relays. Faults can be made on an emulator of this machine only. Runs until Ctrl-C.',
    examples: ['dynats dashboard --open', 'dynats dashboard --server nats://bus.example:4222 --port 9000'],
  });
}

async function serve(flags: DashboardFlags): Promise<void> {
  const { startDashboard } = await import('../dashboard/start.js');
  const { isLoopback } = await import('../dashboard/guard.js');
  const dashboard = await startDashboard({
    connection: await connectionOptions(flags),
    faults: await faultsFor(flags),
    port: portOf(flags.port),
    listen: flags.listen,
  });
  print(`dashboard: ${dashboard.url}`);
  if (flags.listen !== undefined && !isLoopback(flags.listen))
    note('Everybody who can reach this address can read every key. There is no password.');
  if (flags.open === true) openInBrowser(dashboard.url);
  await new Promise<void>(resolve => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => resolve());
  });
  await dashboard.close();
}

/** Faults go to the emulator whose cluster is shown, and to no other. */
async function faultsFor(flags: DashboardFlags): Promise<Faults> {
  const { faultsOn, noFaults } = await import('../dashboard/faults.js');
  return namesServers(flags) ? noFaults : faultsOn(resolveDataDir(flags.data));
}

/** First port that is tried when none is asked for, and how many after it are when it is taken. */
export const dashboardPort = 8222;
export const portsTried = 20;

/** The ports on which the dashboard of an emulator may be: their pages may connect to its brokers. */
export function pagePorts(flag: string | undefined): number[] {
  const asked = portOf(flag, '--dashboard-port');
  return asked === undefined ? Array.from({ length: portsTried + 1 }, (_, i) => dashboardPort + i) : [asked];
}

export function portOf(text: string | undefined, flag = '--port'): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new CliError(ExitCode.Usage, `${flag} must be a port, 0 to 65535, not ${text}`);
  return Number(text);
}

export function openInBrowser(url: string): void {
  const [program = '', ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url];
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  child.once('error', () =>
    note(`No browser could be opened (${program} is missing): open ${url} yourself.`),
  );
  child.unref();
}
