// TLS with real servers: whom a connection believes, and what the command line says when it does not.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { unreachableLine } from '../../src/cli/unreachable.js';
import { type Certified, issue, makeAuthority } from '../../src/emulator/secrets/certificates.js';
import { openConnection } from '../../src/nats/connection.js';
import { tempDir } from '../support/emulator.js';
import { startJetStream } from '../support/jetstream-server.js';

async function startSecured(t: TestContext, { cert, key }: Certified): Promise<string> {
  const dir = await tempDir(t);
  const [certFile, keyFile] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return startJetStream(t, `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`);
}

async function connected(url: string, ca?: string): Promise<true> {
  const nats = ca === undefined ? undefined : { tls: { ca } };
  const connection = await openConnection({ servers: [url], name: 'test', timeoutMs: 2000, nats });
  await connection.close();
  return true;
}

/** What a person is told who connects so. */
async function told(url: string, ca?: string): Promise<string> {
  const options = { servers: [url], ...(ca === undefined ? {} : { nats: { tls: { ca } } }) };
  return connected(url, ca).then(
    () => 'connected',
    (error: unknown) => unreachableLine(error, options),
  );
}

test('a server is believed under the names and addresses that are in its certificate, and no others', async t => {
  const [authority, other] = await Promise.all([makeAuthority('ours'), makeAuthority('theirs')]);
  const certificates = await Promise.all([issue(authority, ['127.0.0.1']), issue(authority, ['localhost'])]);
  const [ofAddress, ofName] = await Promise.all([
    startSecured(t, certificates[0]),
    startSecured(t, certificates[1]),
  ]);
  const byName = (url: string) => url.replace('127.0.0.1', 'localhost');
  assert.equal(await connected(ofAddress, authority.cert), true);
  assert.equal(await connected(byName(ofName), authority.cert), true);
  assert.match(
    await told(byName(ofAddress), authority.cert),
    /its certificate is for 127\.0\.0\.1: name the/,
  );
  assert.match(await told(ofName, authority.cert), /its certificate is for localhost: name the server as/);
  assert.match(await told(ofName), /an authority that this machine does not know: .* --tlsca FILE/);
  assert.match(await told(ofName, other.cert), /has not signed its certificate: .* --tlsca FILE/);
});

test('tls:// is TLS or nothing, and a server that wants a name says so', async t => {
  const [plain, guarded] = await Promise.all([
    startJetStream(t),
    startJetStream(t, 'authorization { user: "a", password: "b" }'),
  ]);
  assert.equal(await connected(plain), true);
  assert.match(await told(plain.replace('nats:', 'tls:')), /leave out .* tls:\/\/ if it has no TLS/);
  assert.match(await told(guarded), /asks for some: give --context, --creds or --nkey/);
});
