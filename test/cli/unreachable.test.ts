// What is said of a server that cannot be reached; with real servers in test/live/tls.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unreachableLine } from '../../src/cli/unreachable.js';
import { ClosedError } from '../../src/errors.js';

const options = { servers: ['nats://host:4222'] };

/** As it comes: the cause of a cause. */
const failed = (code: string) =>
  new ClosedError('cannot connect', 'none', { cause: Object.assign(new Error(`said by ${code}`), { code }) });

test('each failure of TLS and of names says what to do about it', () => {
  const table: [code: string, line: RegExp][] = [
    ['SELF_SIGNED_CERT_IN_CHAIN', /does not know: name the authority's certificate with --tlsca FILE/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /signed by nobody but itself: .*--tlsca FILE/],
    [
      'CERT_HAS_EXPIRED',
      /has expired: have it renewed there .*, or set this machine's clock: it has 20\d\d-/,
    ],
    ['CERT_NOT_YET_VALID', /not valid yet: set this machine's clock/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /give --tlscert and --tlskey/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /leave out --tlsfirst/],
    ['ENOTFOUND', /no such host: check the name/],
    ['ECONNREFUSED', /said by ECONNREFUSED: start an emulator with dynats up, or name the servers/],
  ];
  for (const [code, line] of table) {
    const said = unreachableLine(failed(code), options);
    assert.ok(said.startsWith('cannot connect to nats://host:4222: '), said);
    assert.match(said, line);
  }
});

test('where two clusters are meant the flags of the right one are named', () => {
  assert.match(
    unreachableLine(failed('SELF_SIGNED_CERT_IN_CHAIN'), options, '--from-'),
    /--from-tlsca FILE, .*--from-context/,
  );
  assert.match(unreachableLine(failed('ECONNREFUSED'), options, '--from-'), /is it there\? --from names it/);
});
