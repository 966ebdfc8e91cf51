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

/** As `openClient`, but only the connection to the brokers. */
export async function connectionOf(options: ConnectOptions, timeoutMs: number): Promise<NatsConnection> {
  const { openConnection } = await import('../nats/connection.js');
  const { servers = [], name = 'dynats', nats } = options;
  return reaching(options, () =>
    openConnection({
      servers: [servers].flat(),
      name,
      timeoutMs: options.connectTimeoutMs ?? timeoutMs,
      nats,
    }),
  );
}

async function reaching<T>(options: ConnectOptions, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    // A TypeError is an option that is not valid, not a server that is not there.
    if (cause instanceof TypeError) throw cause;
    const servers = [options.servers ?? []].flat().join(', ');
    throw new CliError(
      ExitCode.CannotConnect,
      `cannot connect to ${servers}: ${reason(cause)}: start an emulator with dynats up, or name the servers with --server`,
      { cause },
    );
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

/** The innermost cause: the outer ones say only that connecting failed. */
function reason(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  if (innermost instanceof AggregateError && innermost.errors.length > 0) return reason(innermost.errors[0]);
  return innermost instanceof Error ? innermost.message : String(innermost);
}
