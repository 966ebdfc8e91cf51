// The ways to reach a store: through each node, through whichever is free, and with the client coordinating by itself.

import type { Emulator } from '../../src/emulator/emulator.js';
import { type Client, connect, Mode, type RequestOptions } from '../../src/index.js';
import { busUrl } from './streams.js';

/** Name of the coordinator that is whichever node is free. */
export const anyNode = 'any node';

/** One way in. */
export interface Coordinator {
  readonly name: string;
  readonly client: Client;
  /** To be added to the options of a request. */
  readonly via: Pick<RequestOptions, 'via'>;
}

export interface Clients extends AsyncDisposable {
  readonly api: Client;
  readonly direct: Client;
}

/** A client of each mode, on the bus server of `node`, which must stay alive. */
export async function openClients(emulator: Emulator, node: string, timeoutMs = 5000): Promise<Clients> {
  const options = { servers: busUrl(emulator, node), timeoutMs, nats: { ignoreClusterUpdates: true } };
  const api = await connect(options);
  const direct = await connect({ ...options, mode: Mode.Direct });
  const close = async () => {
    await Promise.all([api.close(), direct.close()]);
  };
  return { api, direct, [Symbol.asyncDispose]: close };
}

/** Each of `nodes` as the coordinator, any node, and the client itself. */
export function coordinatorsOf({ api, direct }: Clients, nodes: readonly string[]): Coordinator[] {
  return [
    ...nodes.map(node => ({ name: node, client: api, via: { via: node } })),
    { name: anyNode, client: api, via: {} },
    { name: 'the client itself', client: direct, via: {} },
  ];
}
