// The first question of a client: what the cluster is, and whom the node that answers thinks alive.
import type { ClusterReply } from '../wire/generated/types.js';
import { clusterReply } from '../wire/generated/validators.js';
import { apiSubject } from '../wire/subjects.js';
import type { Ask } from './buckets.js';
import { within } from './within.js';

/** Unanswered for this long it is asked again; the next time after twice as long. In milliseconds. */
const HEDGE_MS = 40;

export interface ClusterQuestion {
  readonly ask: Ask;
  /** The node to ask; undefined for whichever is free. */
  readonly node: () => string | undefined;
  readonly timeoutMs: number;
}

export async function askCluster({ ask, node, timeoutMs }: ClusterQuestion): Promise<ClusterReply> {
  const endsAtMs = performance.now() + timeoutMs;
  const tries: Promise<ClusterReply>[] = [];
  for (let hedgeMs = HEDGE_MS; ; hedgeMs *= 2) {
    const leftMs = Math.max(1, Math.ceil(endsAtMs - performance.now()));
    tries.push(ask(apiSubject('cluster', node()), {}, clusterReply, leftMs));
    // Whoever took the question may be frozen: another node may take the next.
    const first = Promise.race(tries);
    const reply = leftMs <= hedgeMs ? await first : await within(first, hedgeMs);
    if (reply !== undefined) return reply;
  }
}
