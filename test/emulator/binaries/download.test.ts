// The download against a local HTTP server: whole, wrong, cut short, missing.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { ensureBinary } from '../../../src/emulator/binaries/ensure-binary.js';
import { cached, fakeServer, type Place, place } from './fixture.js';

interface Release {
  archive: Buffer;
  /** The hash in SHA256SUMS, default that of the archive. */
  hash?: string;
  /** Send so many bytes of the archive, then close the connection. */
  cutAt?: number;
  missing?: 'archive' | 'sums';
}

/** Serves a release whose archive is the same for every system; resolves to the base URL. */
async function serve(t: TestContext, release: Release): Promise<string> {
  const { archive, cutAt, missing } = release;
  const hash = release.hash ?? createHash('sha256').update(archive).digest('hex');
  const systems = ['linux', 'darwin', 'freebsd'].flatMap(os =>
    ['amd64', 'arm64', 's390x'].map(a => `${os}-${a}`),
  );
  const names = systems.flatMap(name => [`nats-server-v2.15.1-${name}.tar.gz`, `nats-0.4.0-${name}.zip`]);
  const sums = names.map(name => `${hash}  ${name}\n`).join('');
  const server = createServer((request, response) => {
    const directory =
      /^\/mirror\/(nats-server\/releases\/download\/v2\.15\.1|natscli\/releases\/download\/v0\.4\.0)\//;
    const file = (request.url ?? '').replace(directory, '');
    if (file === 'SHA256SUMS' && missing !== 'sums') response.end(sums);
    else if (!names.includes(file) || missing === 'archive') response.writeHead(404).end('not here');
    else {
      response.writeHead(200, { 'content-length': archive.length });
      if (cutAt === undefined) response.end(archive);
      else response.write(archive.subarray(0, cutAt), () => response.destroy());
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`;
}

async function tarball(where: Place, version = '2.15.1'): Promise<Buffer> {
  const inner = 'nats-server-v2.15.1-some-system';
  await fakeServer(path.join(where.dir, 'release', inner, 'nats-server'), version);
  const file = path.join(where.dir, 'release.tar.gz');
  execFileSync('tar', ['-czf', file, '-C', path.join(where.dir, 'release'), inner]);
  return readFileSync(file);
}

/** A zip file of one stored entry. */
function zip(name: string, content: Buffer): Buffer {
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), content]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00'),
    common,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]);
}

test('a whole archive is checked, unpacked and kept in the cache', async t => {
  const where = await place(t);
  const url = await serve(t, { archive: await tarball(where) });
  const { releaseUrl: _, ...options } = where.bare;
  // A mirror is named by the environment; a slash at its end does not matter.
  const env = { ...where.bare.env, DYNATS_RELEASE_URL: `${url}/` };
  assert.deepEqual(await ensureBinary('nats-server', { ...options, env }), {
    path: path.join(where.cacheDir, 'nats-server-2.15.1'),
    version: '2.15.1',
    source: 'download',
  });
  assert.deepEqual(await cached(where), ['nats-server-2.15.1']);
  assert.match(where.lines[0] ?? '', /^Downloading nats-server v2\.15\.1 from http/);
  assert.equal((await ensureBinary('nats-server', where.bare)).source, 'cache');
});

/** Not everywhere, and needed only where there is no Go. */
const unzipIsMissing = spawnSync('unzip', ['-v']).error ? 'unzip is not installed' : false;

test('the nats CLI comes out of a zip file', { skip: unzipIsMissing }, async t => {
  const where = await place(t);
  const archive = zip('nats-0.4.0-some-system/nats', Buffer.from('#!/bin/sh\necho v0.4.0\n'));
  const url = await serve(t, { archive });
  assert.deepEqual(await ensureBinary('nats', { ...where.bare, releaseUrl: url }), {
    path: path.join(where.cacheDir, 'nats-0.4.0'),
    version: '0.4.0',
    source: 'download',
  });
});

test('two that download at once both end with a whole binary and leave nothing behind', async t => {
  const where = await place(t);
  const options = { ...where.bare, releaseUrl: await serve(t, { archive: await tarball(where) }) };
  const both = await Promise.all([
    ensureBinary('nats-server', options),
    ensureBinary('nats-server', options),
  ]);
  assert.deepEqual(both[0], both[1]);
  assert.deepEqual(await cached(where), ['nats-server-2.15.1']);
});

/** What must be refused, and the evidence the one line must hold. */
const refusals: { what: string; release: (whole: Buffer) => Release; says: RegExp }[] = [
  {
    what: 'an archive with another hash',
    release: archive => ({ archive, hash: 'ab'.repeat(32) }),
    says: /has SHA-256 [0-9a-f]{64}, not (ab){32} as its SHA256SUMS says/,
  },
  {
    what: 'a connection cut in the middle of the archive',
    release: archive => ({ archive, cutAt: archive.length >> 1 }),
    says: /\.tar\.gz: terminated/,
  },
  {
    what: 'an archive stored truncated',
    release: archive => ({
      archive: archive.subarray(0, archive.length >> 1),
      hash: createHash('sha256').update(archive).digest('hex'),
    }),
    says: /has SHA-256 [0-9a-f]{64}, not/,
  },
  {
    what: 'an archive that is not there',
    release: archive => ({ archive, missing: 'archive' }),
    says: /\.tar\.gz: status 404/,
  },
  {
    what: 'a release without SHA256SUMS',
    release: archive => ({ archive, missing: 'sums' }),
    says: /SHA256SUMS: status 404/,
  },
  {
    what: 'a SHA256SUMS without the archive',
    release: archive => ({ archive, hash: 'not-a-hash' }),
    says: /SHA256SUMS has no line for nats-server-v2\.15\.1-/,
  },
  {
    what: 'a file that is no archive, though its hash is right',
    release: () => ({ archive: Buffer.from('<html>please log in</html>') }),
    says: /tar cannot unpack nats-server-v2\.15\.1-/,
  },
];

for (const { what, release, says } of refusals)
  test(`${what} is refused, and leaves nothing in the cache`, async t => {
    const where = await place(t);
    const releaseUrl = await serve(t, release(await tarball(where)));
    await assert.rejects(ensureBinary('nats-server', { ...where.bare, releaseUrl }), (error: Error) => {
      assert.equal(error.name, 'BrokerBinaryError');
      assert.match(error.message, says);
      assert.match(error.message, /DYNATS_NATS_SERVER/);
      assert.ok(!error.message.includes('\n'), error.message);
      return true;
    });
    assert.deepEqual(await cached(where), []);
  });

test('an archive that holds an older version is refused', async t => {
  const where = await place(t);
  const releaseUrl = await serve(t, { archive: await tarball(where, '2.14.0') });
  await assert.rejects(
    ensureBinary('nats-server', { ...where.bare, releaseUrl }),
    /the nats-server obtained is version 2\.14\.0/,
  );
  assert.deepEqual(await cached(where), []);
});

test('an archive without the binary is refused', async t => {
  const where = await place(t);
  mkdirSync(path.join(where.dir, 'nothing'));
  const file = path.join(where.dir, 'nothing.tar.gz');
  execFileSync('tar', ['-czf', file, '-C', where.dir, 'nothing']);
  const releaseUrl = await serve(t, { archive: readFileSync(file) });
  await assert.rejects(
    ensureBinary('nats-server', { ...where.bare, releaseUrl }),
    /\.tar\.gz holds no file nats-server/,
  );
});
