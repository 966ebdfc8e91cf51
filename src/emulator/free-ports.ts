// A block of ports that nobody listens on, for clusters that are made for one run and ended with it.
import { createServer } from 'node:net';

/** Below those that outgoing connections are given: a killed node's ports must still be free when it starts again. */
const portMin = 10_000;
const portMax = 32_000;
/** Of an emulator with brokers for each node. */
export const portsPerNode = 4;

/** The first of `count` free ports in a row. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = portMin + Math.floor(Math.random() * (portMax - portMin - count));
    const ports = Array.from({ length: count }, (_, i) => first + i);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
