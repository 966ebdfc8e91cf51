// Who is at the other end of a loopback connection.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { isStranger, peerUid } from '../../../src/cli/dashboard/peer-user.js';

test('the user at the other end is told by Linux, for both families', {
  skip: process.platform !== 'linux',
}, async t => {
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, host);
    const [socket] = (await once(server, 'connection')) as [Socket];
    t.after(() => {
      client.destroy();
      server.close();
    });
    assert.equal(peerUid(socket), process.getuid?.());
  }
});

test('of two connections with the same ports the one between the same addresses counts', {
  skip: process.platform !== 'linux',
}, () => {
  const row = (place: string, uid: number) =>
    `   1: ${place}:9C40 0100007F:201E 01 00000000:00000000 00:00000000 00000000  ${uid}        0 123 1 0`;
  const ends = { localAddress: '127.0.0.1', localPort: 0x201e, remotePort: 0x9c40 };
  const read = () => ['  sl  local_address', row('0500007F', 1000), row('0100007F', 1001)].join('\n');
  assert.equal(peerUid({ ...ends, remoteAddress: '127.0.0.1' }, read), 1001);
  assert.equal(peerUid({ ...ends, remoteAddress: '127.0.0.5' }, read), 1000);
  assert.equal(peerUid({ ...ends, remoteAddress: '127.0.0.9' }, read), undefined);
});

test('another user is a stranger; oneself, root and who called sudo are not', () => {
  const own = process.getuid?.() ?? 0;
  assert.equal(isStranger(undefined), false);
  assert.equal(isStranger(own), false);
  assert.equal(isStranger(0), false);
  assert.equal(isStranger(own + 4321, {}), process.getuid !== undefined);
  assert.equal(isStranger(own + 4321, { SUDO_UID: String(own + 4321) }), own !== 0);
});
