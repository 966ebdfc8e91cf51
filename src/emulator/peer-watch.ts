// What the nodes of an emulator think of one of them, asked over the bus.
import type { Client } from '../client/client.js';
import type { ConnectOptions } from '../client/options.js';
import type { StatusReply } from '../wire/generated/types.js';
import { waitUntil } from './wait-until.js';

const connectLimitMs = 1000;
/** A node that does not answer this fast is asked again. */
const askLimitMs = 300;

export type PeerView = StatusReply['peers'][string];

export interface Question {
  /** Who is asked. */
  observers: readonly string[];
  /** About whom. */
  targets: readonly string[];
  /** Whether an observer has noticed: its view of a target. */
  noticed: (view: PeerView | undefined) => boolean;
  limitMs: number;
}

/**
 * Resolves to whether all observers noticed within the limit, false when they could not be asked at all.
 *
 * @param connection to bus servers that run.
 */
export async function untilNoticed(connection: ConnectOptions, question: Question): Promise<boolean> {
  if (question.observers.length === 0 || connection.servers?.length === 0) return true;
  const { connect } = await import('../client/connect.js');
  let client: Client;
  try {
    client = await connect({ ...connection, name: 'dynats emulator', connectTimeoutMs: connectLimitMs });
  } catch {
    return false; // The bus servers died in this moment, or hang.
  }
  try {
    const open = new Set(question.observers);
    return await waitUntil(
      async () => {
        await Promise.all(
          [...open].map(async node => (await hasNoticed(client, node, question)) && open.delete(node)),
        );
        return open.size === 0;
      },
      { limitMs: question.limitMs },
    );
  } finally {
    await client.close();
  }
}

async function hasNoticed(client: Client, node: string, { targets, noticed }: Question): Promise<boolean> {
  try {
    const { peers } = await client.status(node, { timeoutMs: askLimitMs });
    return targets.every(target => target === node || noticed(peers[target]));
  } catch {
    return false; // Not there yet, or busy: asked again.
  }
}
