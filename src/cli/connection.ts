// How a command reaches the brokers: flag, else variable, else NATS context, else the running emulator, else the default.

import { existsSync } from 'node:fs';
import type { NodeConnectionOptions } from '@nats-io/transport-node';
import type { Command } from 'commander';
import type { ConnectOptions } from '../client/options.js';
import { inboxPrefixOf } from '../wire/permissions.js';
import { authenticate, type Credentials } from './credentials.js';
import { resolveDataDir, runningEmulator } from './data-dir.js';
import { CliError, ExitCode } from './exit.js';
import { expand, type NatsContext, readContext, selectedContext } from './nats-context.js';
import { parseDuration } from './numbers.js';

export const defaultServer = 'nats://127.0.0.1:4222';

/** The schema's limit of a call's deadline. */
const timeoutMsMax = 600_000;

/** What commander makes of the flags of `addConnectionFlags`. */
export interface ConnectionFlags {
  server?: string;
  user?: string;
  password?: string;
  token?: string;
  creds?: string;
  nkey?: string;
  jwt?: string;
  seed?: string;
  tlscert?: string;
  tlskey?: string;
  tlsca?: string;
  tlsfirst?: boolean;
  /** False after --no-context. */
  context?: string | boolean;
  inboxPrefix?: string;
  timeout?: string;
  connectionName?: string;
  data?: string;
}

/**
 * Adds the nats CLI's own connection flags to a command, under a heading of their own at the end of its help.
 *
 * @param options.hasSeed false for a command whose --seed is something else: the seed of a JWT is then NATS_SEED.
 */
export function addConnectionFlags(command: Command, { hasSeed = true } = {}): Command {
  const flags = command
    .optionsGroup('Connection (as the nats CLI has it):')
    .option(
      '-s, --server <urls>',
      'server URLs, comma-separated (default: NATS_URL, the context, the emulator that runs here, or nats://127.0.0.1:4222)',
    )
    .option('--user <name>', 'user name, or a token when there is no password (default: NATS_USER)')
    .option('--password <password>', 'password (default: NATS_PASSWORD)')
    .option('--token <token>', 'token (default: NATS_TOKEN)')
    .option('--creds <file>', 'credentials file (default: NATS_CREDS)')
    .option('--nkey <file>', 'file of an nkey seed (default: NATS_NKEY)')
    .option('--jwt <jwt>', 'user JWT, with its seed (default: NATS_JWT)');
  if (hasSeed) flags.option('--seed <seed>', 'seed of the JWT (default: NATS_SEED)');
  return flags
    .option('--tlscert <file>', 'client certificate (default: NATS_CERT)')
    .option('--tlskey <file>', 'private key of the certificate (default: NATS_KEY)')
    .option('--tlsca <file>', 'certificate authority (default: NATS_CA)')
    .option('--tlsfirst', 'TLS handshake before anything else')
    .option(
      '--context <context>',
      'NATS context, or the path of its .json file (default: NATS_CONTEXT, or the one that nats context select chose)',
    )
    .option('--no-context', 'ignore the selected NATS context')
    .option('--inbox-prefix <prefix>', 'subject prefix of replies (default: NATS_INBOX_PREFIX, or _INBOX)')
    .option(
      '--timeout <duration>',
      'deadline of a request: 500ms, 2s, 1m (default: NATS_TIMEOUT, or what suits the command; put and get 2s)',
    )
    .option('--connection-name <name>', 'name of the connection as the server shows it (default: dynats)')
    .option(
      '--data <dir>',
      'data directory whose running emulator is meant (default: DYNATS_DATA, or .dynats)',
    );
}

/** Whether another cluster than the emulator of the data directory is meant. */
export function namesServers(flags: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): boolean {
  if (flags.server !== undefined || typeof flags.context === 'string') return true;
  return flags.data === undefined && Boolean(env['NATS_URL'] || env['NATS_CONTEXT']);
}

/** Milliseconds of --timeout, checked. */
export function parseTimeoutMs(text: string, name = '--timeout'): number {
  return parseDuration(text, name, { min: 1, max: timeoutMsMax });
}

/** The options of `connect`. Reads the files that the flags, variables or the context name. */
export async function connectionOptions(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ConnectOptions> {
  const layers = layersOf(flags, env);
  const isLocal = layers.every(({ url }) => url === undefined);
  const emulator = isLocal ? runningEmulator(resolveDataDir(flags.data, env)) : undefined;
  // Who says himself who he is may not use the operator's inbox.
  const isOperator = emulator?.context !== undefined && chooseCredentials(layers) === undefined;
  if (emulator?.context !== undefined) {
    const { nkey, ca, inboxPrefix } = readContext(emulator.context, env);
    const user = layers.find(layer => layer.user !== undefined)?.user;
    layers.push(
      isOperator
        ? present({ nkey, ca, inboxPrefix })
        : present({ ca, inboxPrefix: user === undefined ? undefined : inboxPrefixOf(user) }),
    );
  }
  const first = <F extends keyof Layer>(field: F): Layer[F] | undefined =>
    layers.map(layer => layer[field]).find(value => value !== undefined);

  const named = first('url');
  const servers = serverList(named ?? emulator?.urls.join(',') ?? defaultServer);
  const timeout = flags.timeout ?? nonEmpty(env['NATS_TIMEOUT']);
  const timeoutMs =
    timeout === undefined
      ? undefined
      : parseTimeoutMs(timeout, flags.timeout === undefined ? 'NATS_TIMEOUT' : '--timeout');

  const nats: NodeConnectionOptions = {};
  const credentials = chooseCredentials(layers) ?? servers.credentials;
  if (credentials !== undefined) Object.assign(nats, await authenticate(credentials, env));
  const tls = tlsOptions(first('cert'), first('key'), first('ca'), first('tlsFirst'), env);
  if (tls !== undefined) nats.tls = tls;
  const inboxPrefix = first('inboxPrefix');
  if (inboxPrefix !== undefined) nats.inboxPrefix = inboxPrefix;

  return {
    servers: servers.urls,
    name: flags.connectionName ?? 'dynats',
    ...(timeoutMs === undefined ? {} : { timeoutMs, connectTimeoutMs: timeoutMs }),
    ...(Object.keys(nats).length > 0 ? { nats } : {}),
    // Its key is shown only to servers with a certificate of its own authority, whatever heartbeats say.
    ...(isOperator ? { shortcuts: true } : {}),
  };
}

/** One source of settings: the flags, the variables or the context. */
type Layer = Omit<NatsContext, 'name'>;

function layersOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Layer[] {
  const layers = [flagLayer(flags), variableLayer(env)];
  if (flags.context === false) return layers;
  const name =
    typeof flags.context === 'string'
      ? flags.context
      : (nonEmpty(env['NATS_CONTEXT']) ?? selectedContext(env));
  return name === undefined ? layers : [...layers, readContext(name, env)];
}

function flagLayer(flags: ConnectionFlags): Layer {
  return present({
    url: flags.server,
    user: flags.user,
    password: flags.password,
    token: flags.token,
    creds: flags.creds,
    nkey: flags.nkey,
    userJwt: flags.jwt,
    userSeed: flags.seed,
    cert: flags.tlscert,
    key: flags.tlskey,
    ca: flags.tlsca,
    tlsFirst: flags.tlsfirst,
    inboxPrefix: flags.inboxPrefix,
  });
}

function variableLayer(env: NodeJS.ProcessEnv): Layer {
  return present({
    url: nonEmpty(env['NATS_URL']),
    user: nonEmpty(env['NATS_USER']),
    password: nonEmpty(env['NATS_PASSWORD']),
    token: nonEmpty(env['NATS_TOKEN']),
    creds: nonEmpty(env['NATS_CREDS']),
    nkey: nonEmpty(env['NATS_NKEY']),
    userJwt: nonEmpty(env['NATS_JWT']),
    userSeed: nonEmpty(env['NATS_SEED']),
    cert: nonEmpty(env['NATS_CERT']),
    key: nonEmpty(env['NATS_KEY']),
    ca: nonEmpty(env['NATS_CA']),
    inboxPrefix: nonEmpty(env['NATS_INBOX_PREFIX']),
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** Without the fields that are undefined. */
function present(layer: { [F in keyof Layer]: Layer[F] | undefined }): Layer {
  return Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined));
}

/** The first source that names a way to authenticate decides which; a weaker source may only complete it. */
function chooseCredentials(layers: readonly Layer[]): Credentials | undefined {
  const chosen = layers.findIndex(
    layer => layer.user ?? layer.token ?? layer.creds ?? layer.nkey ?? layer.userJwt,
  );
  const layer = layers[chosen];
  if (layer === undefined) return undefined;
  const anywhere = (field: 'password' | 'userSeed') =>
    layers.map(each => each[field]).find(value => value !== undefined);
  if (layer.user !== undefined) return userCredentials(layer.user, anywhere('password'));
  if (layer.token !== undefined) return { kind: 'token', token: layer.token };
  if (layer.creds !== undefined) return { kind: 'creds', creds: layer.creds };
  if (layer.nkey !== undefined) return { kind: 'nkey', nkey: layer.nkey };
  return { kind: 'jwt', jwt: layer.userJwt ?? '', seed: anywhere('userSeed') };
}

/** A user without a password is a token, as in the nats CLI. */
function userCredentials(user: string, password: string | undefined): Credentials {
  return password === undefined ? { kind: 'token', token: user } : { kind: 'user', user, password };
}

/** Splits a comma-separated list, and takes user and password out of the URLs: the NATS client ignores them there. */
function serverList(text: string): { urls: string[]; credentials: Credentials | undefined } {
  let credentials: Credentials | undefined;
  const urls = text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => {
      const at = /^((?:[a-z]+:\/\/)?)([^@/]*)@(.+)$/i.exec(part);
      if (at === null) return part;
      const [user = '', password] = (at[2] ?? '').split(':', 2).map(decodeUserInfo);
      credentials ??= userCredentials(user, password);
      return `${at[1] ?? ''}${at[3] ?? ''}`;
    });
  if (urls.length === 0)
    throw new CliError(ExitCode.Usage, '--server names no server: give a URL such as nats://127.0.0.1:4222');
  for (const url of urls) checkUrl(url);
  return { urls, credentials };
}

function decodeUserInfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A stray percent sign: it was not encoded.
  }
}

function checkUrl(url: string): void {
  const scheme = /^([a-z]+):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'nats' && scheme !== 'tls')
    throw new CliError(
      ExitCode.Usage,
      `--server ${url}: ${scheme}:// is not supported here, use nats:// or tls://`,
    );
  if (!URL.canParse(scheme === undefined ? `nats://${url}` : url))
    throw new CliError(ExitCode.Usage, `--server ${url} is no URL: give one such as nats://127.0.0.1:4222`);
}

function tlsOptions(
  cert: string | undefined,
  key: string | undefined,
  ca: string | undefined,
  handshakeFirst: boolean | undefined,
  env: NodeJS.ProcessEnv,
): NodeConnectionOptions['tls'] | undefined {
  if ((cert === undefined) !== (key === undefined))
    throw new CliError(ExitCode.Usage, '--tlscert and --tlskey go together: give both or neither');
  if (cert === undefined && ca === undefined && handshakeFirst !== true) return undefined;
  const files = { '--tlscert': cert, '--tlskey': key, '--tlsca': ca };
  for (const [flag, file] of Object.entries(files))
    if (file !== undefined && !existsSync(expand(file, env)))
      throw new CliError(ExitCode.Usage, `there is no file ${expand(file, env)} (${flag}): check the path`);
  return {
    ...(cert === undefined ? {} : { certFile: expand(cert, env) }),
    ...(key === undefined ? {} : { keyFile: expand(key, env) }),
    ...(ca === undefined ? {} : { caFile: expand(ca, env) }),
    ...(handshakeFirst === true ? { handshakeFirst: true } : {}),
  };
}
