// Waiting for a node to say something of itself.
import assert from 'node:assert/strict';
import type { Client, StatusReply } from '../../src/index.js';
import { eventually } from './eventually.js';

export interface StatusWhen {
  readonly what: string;
  readonly check: (status: StatusReply) => boolean;
  /** Default 20 s: a small cluster has settled by then. */
  readonly deadlineMs?: number;
}

/** Resolves to the status of `node` that fulfils `check`. */
export function statusWhen(
  client: Client,
  node: string,
  { what, check, deadlineMs = 20_000 }: StatusWhen,
): Promise<StatusReply> {
  return eventually(
    async () => {
      const status = await client.status(node, { timeoutMs: 2000 });
      const { state, reason, antiEntropy } = status;
      assert.ok(check(status), JSON.stringify({ state, reason, antiEntropy }));
      return status;
    },
    { deadlineMs, what: `${node} ${what}` },
  );
}

export function serves(client: Client, node: string, deadlineMs?: number): Promise<StatusReply> {
  const check = ({ state }: StatusReply) => state === 'serving';
  return statusWhen(client, node, {
    what: 'serves',
    check,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
}
