// Where one write stands, from what each node knows of it: the answer to a WRITE_TIMEOUT.
import type { OutcomeReply } from '../wire/generated/types.js';
import { compareVersions } from './record.js';
import { versionOf } from './session.js';

/** What an owner holds of the key, beside the version asked about. `unknown`: it cannot be asked, or may lack entries. */
export const Standing = {
  Holds: 'holds',
  Newer: 'newer',
  Older: 'older',
  Nothing: 'nothing',
  Unknown: 'unknown',
} as const;
export type Standing = (typeof Standing)[keyof typeof Standing];

/**
 * `stored`: owners hold it and none holds a newer version. `superseded`: an owner holds a newer one. `hinted`: no owner has it
 * yet, but a hint for one is kept. `nowhere`: no owner has it and no hint. `unknown`: those who could know did not all answer.
 */
export const Verdict = {
  Stored: 'stored',
  Superseded: 'superseded',
  Hinted: 'hinted',
  Nowhere: 'nowhere',
  Unknown: 'unknown',
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** What became of a write, as far as the owners that answered tell. */
export interface OutcomeReport {
  readonly verdict: Verdict;
  readonly owners: readonly { node: string; standing: Standing; held: string | null }[];
  /** Hints that keep this very version. */
  readonly hints: readonly { holder: string; target: string }[];
  /** Nodes that did not answer: each may keep a hint. */
  readonly unasked: readonly string[];
}

/**
 * @param version as clients see it.
 * @param nodes of the cluster, @param owners those of the key.
 * @param replies of the nodes that answered.
 */
export function judgeOutcome(
  version: string,
  { nodes, owners }: { nodes: readonly string[]; owners: readonly string[] },
  replies: readonly OutcomeReply[],
): OutcomeReport {
  const byNode = new Map(replies.map(reply => [reply.node, reply]));
  const standings = owners.map(node => {
    const reply = byNode.get(node);
    return { node, standing: standingOf(version, reply), held: reply?.held ?? null };
  });
  const hints = replies.flatMap(({ node, hinted }) => hinted.map(target => ({ holder: node, target })));
  const unasked = nodes.filter(node => !byNode.has(node));
  const isSure = replies.every(reply => reply.isComplete) && unasked.length === 0;
  const some = (standing: Standing) => standings.some(owner => owner.standing === standing);
  const verdict = some(Standing.Newer)
    ? Verdict.Superseded
    : some(Standing.Holds)
      ? Verdict.Stored
      : hints.length > 0
        ? Verdict.Hinted
        : isSure && !some(Standing.Unknown)
          ? Verdict.Nowhere
          : Verdict.Unknown;
  return { verdict, owners: standings, hints, unasked };
}

function standingOf(version: string, reply: OutcomeReply | undefined): Standing {
  if (reply === undefined) return Standing.Unknown;
  const { held, deleted = false, state } = reply;
  if (held !== null) {
    if (held === version) return Standing.Holds;
    if (compareVersions(versionOf(held, deleted), versionOf(version, false)) > 0) return Standing.Newer;
  }
  // A replica that has not read all of its log, or lost some of it, may yet find the version there or get it back.
  if (state !== 'serving') return Standing.Unknown;
  return held === null ? Standing.Nothing : Standing.Older;
}
