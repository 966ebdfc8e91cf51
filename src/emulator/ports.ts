// Whether the ports of an emulator are free.
import { createServer } from 'node:net';
import { failed } from './emulator-error.js';
import type { PortUse } from './plan.js';

/** @throws EmulatorError that names the first port in use and what it is for. */
export async function checkPortsFree(uses: readonly PortUse[]): Promise<void> {
  const codes = await Promise.all(uses.map(({ port }) => whyNotFree(port)));
  for (const [i, { port, use }] of uses.entries()) {
    const code = codes[i];
    if (code === 'EADDRINUSE')
      throw failed(
        `port ${port} (for ${use}) is in use: stop what uses it, or choose another block with --port`,
      );
    if (code !== undefined)
      throw failed(`port ${port} (for ${use}) cannot be used (${code}): choose another block with --port`);
  }
}

function whyNotFree(port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
