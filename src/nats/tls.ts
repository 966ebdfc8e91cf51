// TLS where the NATS client (3.4) alone would do less than was asked for.
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { NodeConnectionOptions } from '@nats-io/transport-node';

interface Wanted {
  readonly servers: readonly string[];
  readonly nats?: NodeConnectionOptions | undefined;
}

/** What the client checks a certificate against when the server was named by an address. */
const byAddress = 'localhost';

/**
 * A URL that begins with `tls://` is connected to with TLS or not at all; the client alone would go on in the clear where the
 * server has none. And the certificate of a server named by its address must be for one of the addresses named; the client
 * alone would want it to be for `localhost`.
 */
export function tlsFor({ servers, nats }: Wanted): Pick<NodeConnectionOptions, 'tls'> {
  const isAsked = servers.some(url => /^tls:/i.test(url));
  const tls = nats?.tls ?? (isAsked ? {} : undefined);
  if (tls === undefined || tls === null) return {};
  const hosts = servers.map(hostOf).filter(host => host !== undefined);
  const identity = {
    checkServerIdentity: (host: string, certificate: PeerCertificate): Error | undefined => {
      const failures = (host === byAddress ? hosts : [host]).map(each =>
        checkServerIdentity(each, certificate),
      );
      return failures.includes(undefined) ? undefined : failures[0];
    },
  };
  // The client hands on what else stands here to Node's tls.connect.
  return { tls: { ...identity, ...tls } };
}

function hostOf(url: string): string | undefined {
  const text = url.includes('://') ? url : `nats://${url}`;
  if (!URL.canParse(text)) return undefined;
  return new URL(text).hostname.replace(/^\[|\]$/g, '');
}
