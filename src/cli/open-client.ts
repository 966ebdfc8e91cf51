// Connects for the length of one command.
import type { NatsConnection } from '@nats-io/transport-node';
import type { Client } from '../client/client.js';
import type { ConnectOptions } from '../client/options.js';
import { type ConnectionFlags, connectionOptions } from './connection.js';
import { CliError, ExitCode } from './exit.js';

/** Connects, or fails with exit code 2 and a line that names the servers tried. */
export async function openClient(options: ConnectOptions): Promise<Client> {
  const { connect } = await import('../index.js');
  return reaching(options, () => connect(options));
}

/**
 * As `openClient`, but only the connection to the brokers.
 *
 * @param flags prefix of the flags that name it, where it is not the only one.
 */
export async function connectionOf(
  options: ConnectOptions,
  timeoutMs: number,
  flags?: string,
): Promise<NatsConnection> {
  const { openConnection } = await import('../nats/connection.js');
  const { servers = [], name = 'dynats', nats } = options;
  return reaching(
    options,
    () =>
      openConnection({
        servers: [servers].flat(),
        name,
        timeoutMs: options.connectTimeoutMs ?? timeoutMs,
        nats,
      }),
    flags,
  );
}

async function reaching<T>(options: ConnectOptions, open: () => Promise<T>, flags = '--'): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    // A TypeError is an option that is not valid, not a server that is not there.
    if (cause instanceof TypeError) throw cause;
    const { unreachableLine } = await import('./unreachable.js');
    throw new CliError(ExitCode.CannotConnect, unreachableLine(cause, options, flags), { cause });
  }
}

/** Runs `use` with a client and closes it in any case. */
export async function withClient<T>(
  flags: ConnectionFlags,
  use: (client: Client) => Promise<T>,
  more: Partial<ConnectOptions> = {},
): Promise<T> {
  const client = await openClient({ ...(await connectionOptions(flags)), ...more });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
