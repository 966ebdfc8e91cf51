// Turns names of credentials (paths and references) into what the NATS client takes. Never prints any of them.
import { readFileSync } from 'node:fs';
import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { seedIn as findSeed } from '../nats/seed.js';
import { CliError, ExitCode } from './exit.js';
import { expand } from './nats-context.js';

/** Exactly one way to authenticate. */
export type Credentials =
  | { kind: 'user'; user: string; password: string }
  | { kind: 'token'; token: string }
  | { kind: 'creds'; creds: string }
  | { kind: 'nkey'; nkey: string }
  | { kind: 'jwt'; jwt: string; seed: string | undefined };

/** Content behind a reference: a path, file://path, env://NAME or data:;base64,... */
export function resolveReference(what: string, reference: string, env: NodeJS.ProcessEnv): Buffer {
  const refuse = (why: string, cause?: unknown) => new CliError(ExitCode.Usage, `${what}: ${why}`, { cause });
  if (/^(op|nsc):\/\//.test(reference))
    throw refuse(`${reference.split(':')[0]}:// references are not supported here`);
  if (reference.startsWith('env://')) {
    const name = reference.slice('env://'.length);
    const value = env[name];
    if (!value) throw refuse(`the variable ${name} is not set`);
    return Buffer.from(value);
  }
  if (reference.startsWith('data:')) {
    const comma = reference.indexOf(',');
    if (!/^data:[^,]*;base64$/.test(reference.slice(0, Math.max(comma, 0))))
      throw refuse('a data: reference must be data:;base64,...');
    return Buffer.from(reference.slice(comma + 1), 'base64');
  }
  const file = expand(reference.replace(/^file:\/\//, ''), env);
  try {
    return readFileSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw refuse(`${file} cannot be read (${code})`, cause);
  }
}

/** The seed in a file of a seed alone, or of one framed by BEGIN/END lines. */
export function seedIn(what: string, content: Buffer): Buffer {
  const seed = findSeed(content.toString('utf8'));
  if (seed === undefined)
    throw new CliError(ExitCode.Usage, `${what}: it holds no nkey seed (a word that starts with S)`);
  return Buffer.from(seed);
}

export async function authenticate(
  credentials: Credentials,
  env: NodeJS.ProcessEnv,
): Promise<NodeConnectionOptions> {
  switch (credentials.kind) {
    case 'user':
      return { user: credentials.user, pass: credentials.password };
    case 'token':
      return { token: credentials.token };
    case 'creds': {
      const content = resolveReference('--creds', credentials.creds, env);
      const { credsAuthenticator } = await import('@nats-io/transport-node');
      return { authenticator: credsAuthenticator(content) };
    }
    case 'nkey': {
      const seed = seedIn('--nkey', resolveReference('--nkey', credentials.nkey, env));
      const { nkeyAuthenticator } = await import('@nats-io/transport-node');
      return { authenticator: nkeyAuthenticator(seed) };
    }
    case 'jwt': {
      const { jwtAuthenticator } = await import('@nats-io/transport-node');
      const seed =
        credentials.seed === undefined ? undefined : seedIn('--seed', Buffer.from(credentials.seed));
      return { authenticator: jwtAuthenticator(credentials.jwt, seed) };
    }
  }
}
