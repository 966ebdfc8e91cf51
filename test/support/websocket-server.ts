// A server of the bus that listens for WebSocket, as a leaf of the emulator's: what a page connects to.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import type { Emulator } from '../../src/emulator/emulator.js';
import { freePorts } from '../../src/emulator/free-ports.js';
import { cleanUp, tempDir } from './emulator.js';
import { eventually } from './eventually.js';

export interface WebSocketServer {
  /** Where pages connect to. */
  readonly url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Ended after the test. */
export async function startWebSocketServer(t: TestContext, emulator: Emulator): Promise<WebSocketServer> {
  const { path: binary } = await ensureBinary('nats-server');
  const dir = await tempDir(t);
  const port = await freePorts(1);
  // One block of ports, by purpose: bus, log, route, leaf.
  const leaves = emulator.urls.map(
    url => `nats-leaf://127.0.0.1:${Number(new URL(url).port) + 3 * emulator.urls.length}`,
  );
  const config = path.join(dir, 'websocket.conf');
  writeFileSync(
    config,
    `listen: "127.0.0.1:-1"
websocket { listen: "127.0.0.1:${port}", no_tls: true }
leafnodes { reconnect: "50ms", remotes: [ { urls: ${JSON.stringify(leaves)} } ] }
`,
  );
  let end = async () => {};
  const start = async () => {
    const server = spawn(binary, ['-c', config, '-l', path.join(dir, 'server.log')], { stdio: 'ignore' });
    const ended = new Promise<void>(done => server.once('exit', () => done()));
    end = async () => {
      server.kill('SIGKILL');
      await ended;
    };
    await eventually(() => isListening(port), { deadlineMs: 10_000, what: 'the WebSocket listener' });
  };
  await start();
  cleanUp(t, () => end());
  return { url: `ws://127.0.0.1:${port}`, kill: () => end(), start };
}

function isListening(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
