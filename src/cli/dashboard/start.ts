// Starts the dashboard: its connection to the cluster, its feed and its server.
import type { ConnectOptions } from '../../client/options.js';
import { dashboardPort, portsTried } from '../commands/dashboard.js';
import { CliError, ExitCode } from '../exit.js';
import { openClient } from '../open-client.js';
import type { Faults } from './faults.js';
import { Feed } from './feed.js';
import { relayedBy } from './inspector.js';
import { DashboardServer } from './server.js';

const CONNECT_TIMEOUT_MS = 2000;

export interface DashboardOptions {
  readonly connection: ConnectOptions;
  readonly faults: Faults;
  /** Default the first free one from `dashboardPort` on. */
  readonly port?: number | undefined;
  /** Address to listen on, default 127.0.0.1. */
  readonly listen?: string | undefined;
}

/** @throws CliError when the port is taken or the address is none of this machine's. */
export async function startDashboard(options: DashboardOptions): Promise<DashboardServer> {
  const { connection, faults, listen = '127.0.0.1' } = options;
  const servers = [connection.servers ?? []].flat();
  const feed = new Feed({
    way: 'relay',
    open: async running =>
      relayedBy(
        await openClient({
          ...connection,
          ...(running === undefined ? {} : { servers: running.map(({ url }) => url) }),
          connectTimeoutMs: CONNECT_TIMEOUT_MS,
          name: 'dynats dashboard',
        }),
      ),
    servers,
    emulator: () => faults.report(),
  });
  const first = options.port ?? dashboardPort;
  const last = options.port === undefined ? first + portsTried : first;
  for (let port = first; ; port++)
    try {
      return await DashboardServer.listen({ feed, faults, listen, port });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && port < last) continue;
      throw new CliError(ExitCode.Usage, whyNot(code, listen, port), { cause: error });
    }
}

function whyNot(code: string | undefined, listen: string, port: number): string {
  if (code === 'EADDRINUSE')
    return `port ${port} is taken: name another with --port, or 0 for any that is free`;
  if (code === 'EACCES') return `port ${port} is not allowed to this user: name one from 1024 on with --port`;
  return `cannot listen on ${listen}: give an address of this machine with --listen`;
}
