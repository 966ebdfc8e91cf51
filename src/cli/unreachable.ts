// Why no server could be reached, and what to do about it: TLS and credentials have answers of their own.
import type { ConnectOptions } from '../client/options.js';

/** What a failure inside the NATS client or Node tells of itself; what it says is for people. */
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  /** What the certificate is for, when it is not for this server. */
  readonly names: string | undefined;
}

interface Said {
  readonly why: string;
  readonly next: string;
}

/** @param flags the options' prefix: `--`, or `--from-` where two clusters are meant. */
export function unreachableLine(error: unknown, options: ConnectOptions, flags = '--'): string {
  const servers = [options.servers ?? []].flat().join(', ');
  const { why, next } = said(innermost(error), options, flags);
  return `cannot connect to ${servers}: ${why}: ${next}`;
}

function said(failure: Failure, { nats, servers }: ConnectOptions, flags: string): Said {
  const tls = nats !== undefined && 'tls' in nats && typeof nats.tls === 'object' ? nats.tls : undefined;
  const wantsTls = tls !== undefined || [servers ?? []].flat().some(url => /^tls:/i.test(url));
  const tlsca = `${flags}tlsca FILE`;
  const { code, name, message, names } = failure;
  if (untrusted.has(code)) {
    const isNamed = tls !== null && tls !== undefined && ('caFile' in tls || 'ca' in tls);
    return isNamed
      ? {
          why: 'the authority that was named has not signed its certificate',
          next: `name the one that has with ${tlsca}`,
        }
      : {
          why: 'its certificate is signed by an authority that this machine does not know',
          next: `name the authority's certificate with ${tlsca}, or a context that does with ${flags}context (dynats up --secure has both in DIR/secrets)`,
        };
  }
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT')
    return {
      why: 'its certificate is signed by nobody but itself',
      next: `if it is the server you mean, name that certificate with ${tlsca}`,
    };
  if (code === 'CERT_HAS_EXPIRED')
    return {
      why: 'its certificate has expired',
      next: `have it renewed there (dynats certs DIR renews what it made), or set this machine's clock: ${clock()}`,
    };
  if (code === 'CERT_NOT_YET_VALID')
    return { why: 'its certificate is not valid yet', next: `set this machine's clock: ${clock()}` };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      why: `its certificate is for ${names ?? 'other names'}`,
      next: 'name the server as its certificate does, or have the name you use put into it (dynats certs --hosts)',
    };
  if (code.startsWith('ERR_SSL_') && code.includes('ALERT'))
    return {
      why: 'it refused the TLS handshake',
      next: 'if it asks for a certificate of yours, give --tlscert and --tlskey',
    };
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return { why: 'it does not begin with TLS', next: 'leave out --tlsfirst' };
  if (name === 'AuthorizationError')
    return {
      why: 'it does not know these credentials, or asks for some',
      next: `give ${flags}context, ${flags}creds or ${flags}nkey${flags === '--' ? ', or --user and --password' : ''}`,
    };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { why: 'there is no such host', next: 'check the name of the server' };
  if (name === 'TimeoutError')
    return {
      why: 'no answer in time',
      next: 'see that it is a NATS server and not behind a firewall, give --tlscert and --tlskey if it asks for a certificate of yours, or try a longer --timeout',
    };
  if (code === '' && wantsTls)
    return { why: message, next: `leave out ${flags}tlsca, --tlscert, --tlskey and tls:// if it has no TLS` };
  return flags === '--'
    ? { why: message, next: 'start an emulator with dynats up, or name the servers with --server' }
    : { why: message, next: `is it there? ${flags.slice(0, -1)} names it` };
}

const untrusted: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_SIGNATURE_FAILURE',
]);

function clock(): string {
  return `it has ${new Date().toISOString().slice(0, 16)}Z`;
}

/** The innermost cause: the outer ones say only that connecting failed. */
function innermost(error: unknown): Failure {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  if (at instanceof AggregateError && at.errors.length > 0) return innermost(at.errors[0]);
  if (!(at instanceof Error)) return { name: '', message: String(at), code: '', names: undefined };
  const { name, message } = at;
  const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
  return { name, message, code, names: 'cert' in at ? namesOf(at.cert) : undefined };
}

function namesOf(certificate: unknown): string | undefined {
  if (typeof certificate !== 'object' || certificate === null || !('subjectaltname' in certificate))
    return undefined;
  const { subjectaltname } = certificate;
  return typeof subjectaltname === 'string'
    ? subjectaltname.replaceAll(/(DNS|IP Address):/g, '').slice(0, 200)
    : undefined;
}
