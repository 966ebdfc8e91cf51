import assert from 'node:assert/strict';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ProxiedNetwork } from '../../src/chaos/network.js';
import { eventually } from '../support/eventually.js';

/** A server that sends back what it is sent, behind proxies; and a connection to it as node `a` has it. */
async function echoBehindProxies(t: TestContext, as: 'route' | 'log') {
  const sockets: Socket[] = [];
  const server = await listening(t, socket => {
    sockets.push(socket);
    socket.on('error', () => {}).on('data', data => socket.write(data));
  });
  const network = new ProxiedNetwork();
  t.after(() => {
    network.close();
    for (const socket of sockets) socket.destroy();
  });
  const port = portOf(server);
  const links = await network.open({
    nodes: ['a', 'b'],
    portsOf: () => ({ route: port, leaf: port, log: port }),
  });
  const dialled = as === 'route' ? links.route('a', 'b') : links.log('b');
  const socket = connect({ port: dialled, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const hears = (text: string) =>
    eventually(() => assert.equal(heard, text), { deadlineMs: 2000, what: `${text} comes back` });
  return { network, links, socket, hears, heard: () => heard, sockets };
}

function listening(t: TestContext, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, onSocket);
  t.after(() => server.close());
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  return address.port;
}

test('a cut holds back what one end sends, in its direction only, and lets it through when healed', async t => {
  const { network, socket, hears, heard, sockets } = await echoBehindProxies(t, 'route');
  socket.write('one ');
  await hears('one ');
  network.cut('a', 'b');
  socket.write('two ');
  // The other direction is open: what b sends by itself arrives, and nothing of what a has sent.
  sockets[0]?.write('(from b) ');
  await hears('one (from b) ');
  network.heal();
  await hears('one (from b) two ');
  network.cut('b', 'a');
  socket.write('three');
  await eventually(() => assert.equal(sockets[0]?.bytesRead, 'one two three'.length), {
    deadlineMs: 2000,
    what: 'what a sends arrives',
  });
  assert.equal(heard(), 'one (from b) two ');
});

test('a slow link delays, and keeps the order', async t => {
  const { network, socket, hears } = await echoBehindProxies(t, 'route');
  socket.write('x');
  await hears('x');
  network.slow('a', 'b', 100);
  const begunAtMs = performance.now();
  for (const digit of '0123456789') socket.write(digit);
  await hears('x0123456789');
  assert.ok(performance.now() - begunAtMs >= 95);
});

test('on the way to a log broker a node is known by its name, and a client is never cut off', async t => {
  const { network, socket, hears, heard } = await echoBehindProxies(t, 'log');
  network.part(['a'], ['b']);
  socket.write('CONNECT {"name":"some client"}');
  await hears('CONNECT {"name":"some client"}');
  network.heal();
  const node = await echoBehindProxies(t, 'log');
  node.socket.write('CONNECT {"name":"dynats a"} ');
  await node.hears('CONNECT {"name":"dynats a"} ');
  node.network.part(['a'], ['b']);
  node.socket.write('lost');
  socket.write('!');
  await hears('CONNECT {"name":"some client"}!');
  assert.equal(node.heard(), 'CONNECT {"name":"dynats a"} ');
  assert.ok(heard().endsWith('!'));
});

test('nobody is told of a cut: who has closed a connection meanwhile is heard of when it is healed', async t => {
  const { network, socket, hears, sockets } = await echoBehindProxies(t, 'route');
  socket.write('x');
  await hears('x');
  network.cut('a', 'b');
  let closed = false;
  sockets[0]?.on('end', () => {
    closed = true;
  });
  socket.end('last words');
  // The other direction is open, and has carried all that came of it.
  sockets[0]?.write('(from b)');
  await hears('x(from b)');
  assert.deepEqual([closed, sockets[0]?.bytesRead], [false, 1]);
  network.heal();
  await eventually(() => assert.deepEqual([closed, sockets[0]?.bytesRead], [true, 'xlast words'.length]), {
    deadlineMs: 2000,
    what: 'the end comes through, after what was sent before it',
  });
});

test('a connection begun during a cut of either direction reaches nobody until it is healed', async t => {
  for (const [from, to] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const { network, links, hears, sockets, socket } = await echoBehindProxies(t, 'log');
    socket.write('x');
    await hears('x');
    network.cut(from, to);
    const late = connect({ port: links.route('a', 'b'), host: '127.0.0.1' });
    t.after(() => late.destroy());
    await new Promise(resolve => late.once('connect', resolve));
    late.write('late');
    let answer = '';
    late.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    // A round trip elsewhere: time enough for the late one, if it went through.
    socket.write('y');
    await hears('xy');
    assert.equal(sockets.length, 1);
    network.heal();
    await eventually(() => assert.equal(answer, 'late'), { deadlineMs: 2000, what: 'the late one answers' });
  }
});
