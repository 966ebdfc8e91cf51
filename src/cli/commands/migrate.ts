// dynats migrate: copy a JetStream KV bucket while it is in use.
import type { Command } from 'commander';
import type { ConnectOptions } from '../../client/options.js';
import { addConnectionFlags, type ConnectionFlags, connectionOptions } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { parseCount } from '../numbers.js';
import { addQuietFlag } from '../quiet.js';

interface MigrateFlags extends ConnectionFlags {
  from?: string;
  fromContext?: string;
  fromCreds?: string;
  fromNkey?: string;
  fromTlsca?: string;
  fromDomain?: string;
  bucket: string;
  toBucket?: string;
  follow?: boolean;
  fromStart?: boolean;
  verify?: boolean;
  show: string;
  json?: boolean;
}

/** Deadline of one read or write of an entry, in milliseconds. */
const timeoutMs = 10_000;
/** How long a migration waits for nodes that are down before it ends, in milliseconds. */
const patienceMs = 60_000;
const shownMax = 10_000;

export function register(program: Command): void {
  const command = program
    .command('migrate')
    .description('copy a JetStream KV bucket while it is in use')
    .requiredOption('-b, --bucket <name>', 'the KV bucket')
    .option('--from <urls>', 'servers of the KV bucket, comma-separated (default: those of the context)')
    .option('--from-context <name>', 'NATS context of the KV bucket (default: none)')
    .option('--from-creds <file>', 'credentials file there (default: none)')
    .option('--from-nkey <file>', 'file of an nkey seed there (default: none)')
    .option('--from-tlsca <file>', 'certificate authority there (default: that of the system)')
    .option('--from-domain <name>', 'JetStream domain of the KV bucket (default: none)')
    .option('--to-bucket <name>', 'bucket of Dynats; made when it is not there (default: the same name)')
    .option(
      '--follow',
      'go on with what changes, until interrupted; else end with what was there at the start',
    )
    .option('--verify', 'compare both sides at the end')
    .option('--from-start', 'copy everything again, though an earlier run had come further')
    .option('--show <n>', 'refused and different keys shown', '20')
    .option('--json', 'one JSON document on stdout at the end');
  addConnectionFlags(addQuietFlag(command)).action(migrate);
  explain(command, {
    notes:
      'May be interrupted and repeated. Exit code 1 when the sides differ, 5 when entries were not taken.',
    examples: [
      ['dynats migrate --from nats://old:4222 --bucket people', 'what is there now'],
      ['dynats migrate --from nats://old:4222 --bucket people --follow', 'and what changes, until Ctrl-C'],
      ['dynats migrate --from nats://old:4222 --bucket people --verify', 'the rest, and is it the same?'],
    ],
  });
}

async function migrate(flags: MigrateFlags): Promise<void> {
  if (flags.from === undefined && flags.fromContext === undefined)
    throw new CliError(
      ExitCode.Usage,
      'where is the KV bucket? Name its servers with --from nats://..., or their context with --from-context',
    );
  const shown = parseCount(flags.show, '--show', shownMax);
  const origin = await originOf(flags);
  const [{ withClient, connectionOf }, { runMigrate }] = await Promise.all([
    import('../open-client.js'),
    import('../migrate/run-migrate.js'),
  ]);
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const connection = await connectionOf({ ...origin, name: 'dynats migrate' }, timeoutMs, '--from-');
  const patient = flags.timeout === undefined && !process.env['NATS_TIMEOUT'] ? { timeoutMs } : {};
  try {
    await withClient(
      flags,
      client =>
        runMigrate(client, connection, {
          from: flags.bucket,
          domain: flags.fromDomain,
          bucket: flags.toBucket ?? flags.bucket,
          follow: flags.follow === true,
          fromStart: flags.fromStart === true,
          verify: flags.verify === true,
          json: flags.json === true,
          shownMax: shown,
          patienceMs,
          signal: stopped.signal,
        }),
      { mode: 'direct', ...patient },
    );
  } finally {
    await connection.close();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** The --from flags as a connection of its own: variables and the selected context are for Dynats. */
function originOf(flags: MigrateFlags): Promise<ConnectOptions> {
  const given: ConnectionFlags = Object.fromEntries(
    Object.entries({
      server: flags.from,
      context: flags.fromContext ?? false,
      creds: flags.fromCreds,
      nkey: flags.fromNkey,
      tlsca: flags.fromTlsca,
    }).filter(([, value]) => value !== undefined),
  );
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NATS_')));
  return connectionOptions(given, own);
}
