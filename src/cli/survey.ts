// What every node of a cluster says of itself, asked at once. A node that does not answer is missing in it.
import type { Client } from '../client/client.js';
import { DynatsError, ErrorCode } from '../errors.js';
import type { ClusterDefinition, HintsReply, RequestsReply, StatusReply } from '../wire/generated/types.js';

export interface Survey {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly cluster: ClusterDefinition;
  readonly statuses: ReadonlyMap<string, StatusReply>;
  readonly requests: ReadonlyMap<string, RequestsReply>;
  readonly hints: ReadonlyMap<string, HintsReply>;
  /** Questions that the brokers do not let this user ask. */
  readonly forbidden: ReadonlySet<Question>;
}

export type Question = 'status' | 'requests' | 'hints';

/** Only the counters: nodes take no samples for who asks for none. */
const NO_SAMPLES = Number.MAX_SAFE_INTEGER;
/** How long a node has to answer, in milliseconds. */
export const ANSWER_MS = 1000;

/**
 * @param known the cluster, where no node need be asked for it.
 * @throws UnavailableError when no node answers.
 */
export async function surveyOf(
  client: Client,
  questions: readonly Question[],
  { timeoutMs = ANSWER_MS, known }: { timeoutMs?: number | undefined; known?: ClusterDefinition } = {},
): Promise<Survey> {
  const cluster = known ?? (await client.cluster({ timeoutMs })).cluster;
  const forbidden = new Set<Question>();
  const ask = async <Reply>(
    question: Question,
    of: (node: string) => Promise<Reply>,
  ): Promise<Map<string, Reply>> => {
    if (!questions.includes(question)) return new Map();
    const replies = await Promise.all(
      cluster.nodes.map(async (node): Promise<[string, Reply][]> => {
        try {
          return [[node, await of(node)]];
        } catch (error) {
          if (error instanceof DynatsError && error.code === ErrorCode.Forbidden) forbidden.add(question);
          return []; // It is down or hangs: that is what is shown.
        }
      }),
    );
    return new Map(replies.flat());
  };
  const [statuses, requests, hints] = await Promise.all([
    ask('status', node => client.status(node, { timeoutMs })),
    ask('requests', node => client.requests(node, { after: NO_SAMPLES }, { timeoutMs })),
    ask('hints', node => client.hints(node, { action: 'list' }, { timeoutMs })),
  ]);
  return { at: Date.now(), cluster, statuses, requests, hints, forbidden };
}
