// Whom the dashboard's server answers. A page of any other site can send requests to a local server, and a name of its own
// can be made to mean 127.0.0.1 (DNS rebinding): so the Host must be an address, the request this page's own, and whoever
// wants more than to look must know the token that only this page was given.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

export interface GuardOptions {
  /** Address that the server listens on. */
  readonly listen: string;
  /** What a request that changes something must bring. */
  readonly token: string;
}

export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** Why the request is refused, or undefined. */
export function refusal(
  headers: IncomingHttpHeaders,
  wants: 'look' | 'change',
  { listen, token }: GuardOptions,
): string | undefined {
  const { host = '', origin } = headers;
  if (!isOwnHost(hostnameOf(host), listen)) return `the host ${host} is none of this server's names`;
  if (origin !== undefined && origin !== `http://${host}`) return `the page at ${origin} is another site`;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'the request comes from another site';
  if (wants === 'look') return undefined;
  return isSame(headers['x-dynats-token'], token)
    ? undefined
    : 'the token is missing or wrong: reload the page';
}

/** A name that is no address belongs to somebody who may point it anywhere. */
function isOwnHost(hostname: string, listen: string): boolean {
  if (isLoopback(hostname) || hostname === listen) return true;
  return !isLoopback(listen) && isIP(hostname) !== 0;
}

/** `[::1]:8222` -> `::1`. */
function hostnameOf(host: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

function isSame(given: string | string[] | undefined, token: string): boolean {
  if (typeof given !== 'string') return false;
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
