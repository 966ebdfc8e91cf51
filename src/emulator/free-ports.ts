// Blocks of free ports for clusters that come and go: those of tests, benchmarks and chaos.
import { createServer, type Server } from 'node:net';

/**
 * Outside the range that outgoing connections are given their ports from: a killed node's port must still be free when
 * the node starts again.
 */
const portMin = 10_000;
const portMax = 32_000;
/** Ports a process claims at a time, by listening on the first until it ends: no other process takes from them. */
const sliceSize = 500;
/** Of an emulator with brokers for each node. */
export const portsPerNode = 4;

interface Slice {
  first: number;
  /** Offset of the next block: none is given twice before all were. */
  next: number;
}

let slice: Promise<Slice> | undefined;

/**
 * First port of a block of `count` ports that are free on 127.0.0.1. Blocks of processes that run side by side do not
 * meet, also while the ports of a killed node are free for a while.
 *
 * @throws Error when `count` is 500 or more, or no block of that size is free.
 */
export async function freePorts(count: number): Promise<number> {
  slice ??= claim();
  const own = await slice;
  for (let tried = 0; tried < 2 * sliceSize && count < sliceSize; tried++) {
    const offset = own.next + count > sliceSize ? 1 : own.next;
    // Before the first await: two calls at once get two blocks.
    own.next = offset + count;
    const ports = Array.from({ length: count }, (_, i) => own.first + offset + i);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return own.first + offset;
  }
  throw new Error(`no block of ${count} free ports from ${own.first + 1} to ${own.first + sliceSize - 1}`);
}

async function claim(): Promise<Slice> {
  const slices = Math.floor((portMax - portMin) / sliceSize);
  const start = Math.floor(Math.random() * slices);
  for (let i = 0; i < slices; i++) {
    const first = portMin + ((start + i) % slices) * sliceSize;
    const server = await listen(first);
    server?.unref();
    if (server !== undefined) return { first, next: 1 };
  }
  throw new Error(`every block of ports between ${portMin} and ${portMax} is in use`);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  return new Promise(resolve => server.close(() => resolve(true)));
}

/** @returns undefined when the port is in use. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
