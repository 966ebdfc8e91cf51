// The credentials of a configuration file, as the NATS client takes them.
import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  type TlsOptions,
} from '@nats-io/transport-node';
import { InvalidRequestError } from '../errors.js';
import { seedIn } from '../nats/seed.js';
import type { NodeConfig } from '../wire/generated/types.js';

/** Reads the files that the configuration names. */
export function natsOptions(credentials: NodeConfig['credentials']): NodeConnectionOptions {
  if (credentials === undefined) return {};
  const { creds, nkey, user, password, token, tlsCa, tlsCert, tlsKey } = credentials;
  let authenticator: Authenticator | undefined;
  if (creds !== undefined) authenticator = credsAuthenticator(readFileSync(creds));
  else if (nkey !== undefined) authenticator = nkeyAuthenticator(new TextEncoder().encode(seedOf(nkey)));
  const tls: TlsOptions = {
    ...(tlsCa === undefined ? {} : { caFile: tlsCa }),
    ...(tlsCert === undefined ? {} : { certFile: tlsCert }),
    ...(tlsKey === undefined ? {} : { keyFile: tlsKey }),
  };
  return {
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

function seedOf(file: string): string {
  const seed = seedIn(readFileSync(file, 'utf8'));
  if (seed !== undefined) return seed;
  throw new InvalidRequestError(
    'credentials.nkey',
    `${file} holds no nkey seed (a word that starts with SU)`,
  );
}
