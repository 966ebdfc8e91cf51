// Judges what the nodes said by thresholds. Pure.
import type { Ring } from '../../model/ring.js';
import { ringOf } from '../bucket-ring.js';
import { defaultBucket } from '../request-flags.js';
import type { Survey } from '../survey.js';
import { type CheckName, checkKinds, checkNames, type Threshold, type Unit } from './thresholds.js';

/** Their numbers are the exit codes of a Nagios plugin. */
export const Verdict = { Ok: 0, Warning: 1, Critical: 2, Unknown: 3 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];
export const verdictNames = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

export interface Finding extends Threshold {
  readonly check: CheckName;
  readonly verdict: Verdict;
  readonly unit: Unit;
  /** The worst there is; undefined when it could not be found out. */
  readonly value: number | undefined;
  /** Where that is, such as `n2`; '' when it is nowhere in particular. */
  readonly where: string;
}

/** A value and where it was found. */
type Found = readonly [value: number, where: string];

export function judge(survey: Survey, thresholds: Readonly<Record<CheckName, Threshold>>): Finding[] {
  return checkNames.map(check => {
    const found = look[check](survey);
    const threshold = thresholds[check];
    const { unit } = checkKinds[check];
    if (found === undefined) {
      const isWanted = threshold.warning !== undefined || threshold.critical !== undefined;
      const verdict = isWanted ? Verdict.Unknown : Verdict.Ok;
      return { check, verdict, unit, value: undefined, where: '', ...threshold };
    }
    const [value, where] = found;
    return { check, verdict: verdictOf(value, threshold), unit, value, where, ...threshold };
  });
}

/** The worst of all; what is not known is worse than well, and better than a warning. */
export function overall(findings: readonly Finding[]): Verdict {
  const order = [Verdict.Critical, Verdict.Warning, Verdict.Unknown];
  return order.find(verdict => findings.some(finding => finding.verdict === verdict)) ?? Verdict.Ok;
}

function verdictOf(value: number, { warning, critical }: Threshold): Verdict {
  if (critical !== undefined && value > critical) return Verdict.Critical;
  return warning !== undefined && value > warning ? Verdict.Warning : Verdict.Ok;
}

const none: Found = [0, ''];

/** What is measured; undefined when nobody who could know has answered. */
const look: Record<CheckName, (survey: Survey) => Found | undefined> = {
  down: ({ cluster, statuses }) => listed(cluster.nodes.filter(node => !statuses.has(node))),
  notServing: ({ statuses }) =>
    // With a reason one that serves has a log that is of no use.
    listed(
      [...statuses]
        .filter(([, { state, reason }]) => state !== 'serving' || reason !== null)
        .map(([node]) => node),
    ),
  missingOwners: survey => worstBucket(survey, (ring, serving) => serving < ring.replicationFactor),
  withoutQuorum: survey =>
    worstBucket(survey, (ring, serving) => serving < Math.floor(ring.replicationFactor / 2) + 1),
  lag: ({ statuses }) =>
    worst([...statuses].map(([node, { log }]) => [Math.max(0, log.lastSequence - log.applied), node])),
  hints: ({ cluster, statuses }) =>
    worst(
      cluster.nodes.map(target => {
        const held = [...statuses.values()].map(({ hints }) => hints.held[target] ?? 0);
        return [held.reduce((sum, count) => sum + count, 0), `for ${target}`];
      }),
    ),
  hintAge: ({ statuses, hints }) => {
    // Of a node that says that it holds some and not how old they are nothing is known.
    const silent = [...statuses].some(([node, { hints: own }]) => holdsAny(own.held) && !hints.has(node));
    if (silent) return undefined;
    return worst(
      [...hints].flatMap(([holder, { targets }]) =>
        targets.map(({ target, oldestMs }): Found => [oldestMs ?? 0, `for ${target} at ${holder}`]),
      ),
    );
  },
  repairAge: ({ at, statuses }) =>
    worst(
      [...statuses]
        .filter(([, { antiEntropy }]) => antiEntropy.enabled)
        .map(([node, { antiEntropy, incarnation }]) => [
          Math.max(0, at - (antiEntropy.lastCompletedAt ?? incarnation)),
          node,
        ]),
    ),
  clock: ({ statuses }) =>
    worst(
      [...statuses].flatMap(([node, { clock }]) => [
        [Math.abs(clock.correctionMs), node] as Found,
        ...Object.entries(clock.aheadMs).map(([peer, ms]): Found => [Math.abs(ms), `${node} and ${peer}`]),
      ]),
    ),
  logBytes: ({ statuses }) => worst([...statuses].map(([node, { log }]) => [log.bytes, node])),
};

function listed(nodes: readonly string[]): Found {
  return [nodes.length, nodes.join(' ')];
}

function worst(all: readonly Found[]): Found {
  return all.reduce((most, next) => (next[0] > most[0] ? next : most), none);
}

function holdsAny(held: Readonly<Record<string, number>>): boolean {
  return Object.values(held).some(count => count > 0);
}

/** The largest share, in percent, of any bucket's ring of which `lacks` holds, given how many of its owners serve. */
function worstBucket({ cluster, statuses }: Survey, lacks: (ring: Ring, serving: number) => boolean): Found {
  const buckets = new Set([defaultBucket, ...Object.keys(cluster.buckets ?? {})]);
  return worst(
    [...buckets]
      .filter(bucket => cluster.buckets?.[bucket]?.dropped !== true)
      .map(bucket => {
        const ring = ringOf(cluster, bucket);
        let all = 0;
        let lacking = 0;
        for (const { from, to, owners } of ring.ranges()) {
          all += to - from;
          const serving = owners.filter(node => statuses.get(node)?.state === 'serving').length;
          if (lacks(ring, serving)) lacking += to - from;
        }
        return [Math.round((lacking / all) * 1000) / 10, `bucket ${bucket}`];
      }),
  );
}
