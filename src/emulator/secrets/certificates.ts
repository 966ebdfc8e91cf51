// A certificate authority for development, and certificates of servers by it. Made with node-forge: Node's own crypto makes
// keys and reads certificates, but cannot issue them.
import { generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate and its private key, both as PEM. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

const RSA_BITS = 2048;
const DAY_MS = 24 * 3600 * 1000;
const AUTHORITY_DAYS = 3650;
/** The longest that every verifier takes. */
const SERVER_DAYS = 397;
/** One that ends sooner than this is made anew. */
const REMAINING_DAYS_MIN = 30;
/** Clocks of other machines may be behind. */
const BACKDATED_MS = 3600 * 1000;

/** @param name shown as the issuer of its certificates. */
export async function makeAuthority(name: string): Promise<Certified> {
  const key = await makeKey();
  const subject = [{ name: 'commonName', value: name }];
  const cert = unsigned(key, AUTHORITY_DAYS);
  cert.setSubject(subject);
  cert.setIssuer(subject);
  cert.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return signed(cert, key, key);
}

/**
 * A certificate of a server, which is a client too: of the servers it joins.
 *
 * @param hosts names and addresses under which it is reached, the first is its name.
 */
export async function issue(authority: Certified, hosts: readonly string[]): Promise<Certified> {
  const key = await makeKey();
  const cert = unsigned(key, SERVER_DAYS);
  cert.setSubject([{ name: 'commonName', value: hosts[0] ?? 'dynats' }]);
  cert.setIssuer(forge.pki.certificateFromPem(authority.cert).subject.attributes);
  cert.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    {
      name: 'subjectAltName',
      altNames: hosts.map(host => (isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host })),
    },
  ]);
  return signed(cert, key, authority.key);
}

/** Whether a server may go on with it: it is of this authority, for all these hosts, and does not end soon. */
export function isStillGood(cert: string, authority: Certified, hosts: readonly string[]): boolean {
  const known = new X509Certificate(cert);
  return (
    Date.parse(known.validTo) - Date.now() > REMAINING_DAYS_MIN * DAY_MS &&
    known.verify(new X509Certificate(authority.cert).publicKey) &&
    hosts.every(host => (isIP(host) === 0 ? known.checkHost(host) : known.checkIP(host)) !== undefined)
  );
}

async function makeKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return privateKey;
}

function unsigned(key: string, days: number): forge.pki.Certificate {
  const cert = forge.pki.createCertificate();
  const { n, e } = forge.pki.privateKeyFromPem(key);
  cert.publicKey = forge.pki.setRsaPublicKey(n, e);
  // Positive, as the standard wants it: the first bit is not set.
  cert.serialNumber = `01${randomBytes(15).toString('hex')}`;
  cert.validity.notBefore = new Date(Date.now() - BACKDATED_MS);
  cert.validity.notAfter = new Date(Date.now() + days * DAY_MS);
  return cert;
}

function signed(cert: forge.pki.Certificate, key: string, issuerKey: string): Certified {
  cert.sign(forge.pki.privateKeyFromPem(issuerKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(cert).replaceAll('\r\n', '\n'), key };
}
