// Asks every node what it knows of one version of a key, and judges where that write stands.
import { InternalError, UnavailableError } from '../errors.js';
import { judgeOutcome, type OutcomeReport } from '../model/outcome.js';
import type { Ring } from '../model/ring.js';
import type { OutcomeReply, OutcomeRequest } from '../wire/generated/types.js';
import { outcomeRequest } from '../wire/generated/validators.js';
import { check } from '../wire/json.js';
import { checkKey } from '../wire/requests.js';

export interface Write {
  readonly bucket: string;
  readonly key: string | number;
  /** As clients see it. */
  readonly version: string;
}

/** @param ask puts the request to a node. */
export async function askOutcome(
  { bucket, key, version }: Write,
  ring: Ring,
  ask: (node: string, request: OutcomeRequest) => Promise<OutcomeReply>,
): Promise<OutcomeReport> {
  const { nodes } = ring;
  const owners = ring.owners(checkKey(key, 'key'));
  const request = check(outcomeRequest, { bucket, key, version });
  const answers = await Promise.all(nodes.map(node => ask(node, request).catch(unanswered)));
  const replies = answers.filter(reply => reply !== undefined);
  return judgeOutcome(version, { nodes, owners }, replies);
}

/** A node that does not answer, or cannot read its own streams now, is one of which nothing is known. Anything else is a failure. */
function unanswered(error: unknown): undefined {
  if (!(error instanceof UnavailableError || error instanceof InternalError)) throw error;
}
