// The metrics server and those who connect to it without asking for anything.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../../../src/emulator/free-ports.js';
import { MetricsServer, type MetricsServerOptions } from '../../../src/node/metrics/metrics-server.js';
import { eventually } from '../../support/eventually.js';

test('connections that ask nothing are bounded, and let go within seconds', async t => {
  const port = await freePorts(1);
  // Health is told without a look at the node.
  const server = await MetricsServer.listen({ port, listen: '127.0.0.1' } as MetricsServerOptions);
  t.after(() => server.close());
  const open = new Set<Socket>();
  for (let i = 0; i < 150; i++) {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\n'));
    open.add(socket);
    socket
      .resume()
      .on('error', () => {})
      .on('close', () => open.delete(socket));
    t.after(() => socket.destroy());
  }
  const deadlineMs = 20_000;
  await eventually(async () => assert.equal(open.size, 100), { deadlineMs, what: 'too many are refused' });
  await eventually(async () => assert.equal(open.size, 0), { deadlineMs, what: 'all are let go' });
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
});
