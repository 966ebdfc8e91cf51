// Contexts of the nats CLI: where their files are, and what of them we understand.
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CliError, ExitCode } from './exit.js';

/** The fields of a context file that matter to a connection; empty ones are left out. */
export interface NatsContext {
  name: string;
  url?: string;
  user?: string;
  password?: string;
  token?: string;
  creds?: string;
  nkey?: string;
  userJwt?: string;
  userSeed?: string;
  cert?: string;
  key?: string;
  ca?: string;
  tlsFirst?: boolean;
  inboxPrefix?: string;
}

const textFields = {
  url: 'url',
  user: 'user',
  password: 'password',
  token: 'token',
  creds: 'creds',
  nkey: 'nkey',
  user_jwt: 'userJwt',
  user_seed: 'userSeed',
  cert: 'cert',
  key: 'key',
  ca: 'ca',
  inbox_prefix: 'inboxPrefix',
} as const satisfies Record<string, keyof NatsContext>;

/** Fields that change how to connect and that we cannot honour: silently connecting otherwise would be wrong. */
const refusedFields: Record<string, string> = {
  nsc: 'credentials from nsc; export them with `nsc generate creds` and use --creds',
  socks_proxy: 'a SOCKS proxy',
  windows_cert_store: 'the Windows certificate store; use --tlscert and --tlskey',
  windows_cert_match: 'the Windows certificate store; use --tlscert and --tlskey',
  windows_cert_match_by: 'the Windows certificate store; use --tlscert and --tlskey',
  windows_ca_certs_match: 'the Windows certificate store; use --tlsca',
};

/** A leading `~` and `$VAR`, `${VAR}` anywhere, as the nats CLI expands them. An unset variable is empty. */
export function expand(text: string, env: NodeJS.ProcessEnv): string {
  const home = env['HOME'] ?? os.homedir();
  const tilde = text === '~' || text.startsWith('~/') ? home + text.slice(1) : text;
  return tilde.replace(
    /\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g,
    (_, braced, bare) => env[String(braced ?? bare)] ?? '',
  );
}

function contextRoot(env: NodeJS.ProcessEnv): string {
  const config = env['XDG_CONFIG_HOME'];
  return path.join(config || path.join(env['HOME'] ?? os.homedir(), '.config'), 'nats');
}

/** The name `nats context select` has stored, or undefined. */
export function selectedContext(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return readFileSync(path.join(contextRoot(env), 'context.txt'), 'utf8').trim() || undefined;
  } catch {
    return undefined; // None was ever selected.
  }
}

/** Reads a context by its name, or by the path of its file when that ends in `.json`. */
export function readContext(name: string, env: NodeJS.ProcessEnv): NatsContext {
  const file = name.endsWith('.json')
    ? path.resolve(expand(name, env))
    : path.join(contextRoot(env), 'context', `${checkedName(name)}.json`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const known = contextNames(env);
    const hint = known.length > 0 ? `known are ${known.join(', ')}` : 'there are none';
    throw new CliError(
      ExitCode.Usage,
      `NATS context ${name} cannot be read (${file}): ${hint}; or use --no-context`,
      { cause },
    );
  }
  return parseContext(name, text, env);
}

function checkedName(name: string): string {
  if (name === '' || name.includes('/') || name.includes('\\') || name.includes('..'))
    throw new CliError(
      ExitCode.Usage,
      `"${name}" is no name of a NATS context: give a name, or the path of a .json file`,
    );
  return name;
}

export function contextNames(env: NodeJS.ProcessEnv): string[] {
  try {
    const files = readdirSync(path.join(contextRoot(env), 'context'));
    return files
      .filter(file => file.endsWith('.json'))
      .map(file => file.slice(0, -'.json'.length))
      .sort();
  } catch {
    return [];
  }
}

/** Parses a context file. Unknown fields are ignored, as newer versions of the nats CLI add some. */
export function parseContext(name: string, text: string, env: NodeJS.ProcessEnv): NatsContext {
  const refuse = (what: string, cause?: unknown) =>
    new CliError(ExitCode.Usage, `NATS context ${name}: ${what}`, { cause });
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (cause) {
    // The parser's message would quote the file, which holds secrets.
    throw refuse('its file is not valid JSON', cause);
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw refuse('its file holds no JSON object');
  const context: NatsContext = { name };
  for (const [field, value] of Object.entries(fields)) {
    if (value === '' || value === null || value === false) continue;
    const unsupported = refusedFields[field];
    if (unsupported !== undefined) throw refuse(`${field} is not supported here (${unsupported})`);
    if (field === 'tls_first') context.tlsFirst = value === true;
    if (!isTextField(field)) continue;
    if (typeof value !== 'string') throw refuse(`${field} must be a string`);
    if (/^(op|nsc):\/\//.test(value))
      throw refuse(
        `${field} refers to ${value.slice(0, value.indexOf(':'))}://, which is not supported here`,
      );
    context[textFields[field]] = isLiteral(field) ? value : expand(value, env);
  }
  return context;
}

function isTextField(field: string): field is keyof typeof textFields {
  return Object.hasOwn(textFields, field);
}

/** A password may well hold a `$`: the nats CLI expands paths and URLs only. */
function isLiteral(field: string): boolean {
  return (
    field === 'user' ||
    field === 'password' ||
    field === 'token' ||
    field === 'user_jwt' ||
    field === 'user_seed'
  );
}
