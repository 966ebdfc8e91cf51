// One node as the page shows it, from what it and its processes say. Pure.
import type { EmulatorReport, NodeReport } from '../../emulator/report.js';
import type { ClusterDefinition, StatusReply } from '../../wire/generated/types.js';
import type { Look } from './rates.js';
import type { NodeView } from './view.js';

/**
 * What the nodes said, and of those that were late what they said in the look before: a busy machine misses one now and then,
 * which is no news. Not of a node of which the emulator knows that a process of it does not run.
 *
 * @param now `late`: the nodes that were asked and gave no answer in time.
 */
export function shownStatuses(
  now: Pick<Look, 'statuses'> & { readonly late: ReadonlySet<string> },
  before: Pick<Look, 'statuses'> | undefined,
  report: Pick<EmulatorReport, 'nodes'> | undefined,
): ReadonlyMap<string, StatusReply> {
  const shown = new Map(now.statuses);
  for (const node of now.late) {
    const last = before?.statuses.get(node);
    const processes = report?.nodes[node];
    const runs =
      processes === undefined ||
      [processes.bus, processes.log, processes.replica].every(({ state }) => state === 'running');
    if (last !== undefined && runs) shown.set(node, last);
  }
  return shown;
}

export function nodeViews(
  cluster: Pick<ClusterDefinition, 'nodes' | 'zones'>,
  statuses: ReadonlyMap<string, StatusReply>,
  report: EmulatorReport | undefined,
): NodeView[] {
  return cluster.nodes.map(node =>
    viewOf(node, statuses, { zone: cluster.zones?.[node] ?? null, processes: report?.nodes[node] }),
  );
}

function viewOf(
  node: string,
  statuses: ReadonlyMap<string, StatusReply>,
  { zone, processes }: { zone: string | null; processes: NodeReport | undefined },
): NodeView {
  const status = statuses.get(node);
  const isPaused =
    processes !== undefined &&
    [processes.bus, processes.log, processes.replica].some(({ state }) => state === 'paused');
  const isRunning =
    processes !== undefined && processes.log.state === 'running' && processes.replica.state === 'running';
  return {
    node,
    zone,
    life: status !== undefined ? 'up' : isPaused ? 'paused' : isRunning ? 'unreachable' : 'down',
    state: status?.state ?? null,
    reason: status?.reason ?? null,
    uptimeMs: status === undefined ? null : Math.max(0, Date.now() - status.incarnation),
    keys: status?.keys ?? null,
    stored: status?.log.lastSequence ?? null,
    applied: status?.log.applied ?? null,
    logBytes: status?.log.bytes ?? null,
    hintsHeld: status?.hints.held ?? null,
    hintsOwed: [...statuses.values()].reduce((sum, other) => sum + (other.hints.held[node] ?? 0), 0),
    broker: status?.broker ?? null,
    stream: status?.log.stream ?? null,
    version: status?.version ?? null,
    antiEntropy:
      status === undefined
        ? null
        : {
            rounds: status.antiEntropy.rounds,
            fetched: status.antiEntropy.totals.fetched,
            sent: status.antiEntropy.totals.sent,
            running: status.antiEntropy.running,
          },
    seesDown:
      status === undefined
        ? null
        : Object.entries(status.peers).flatMap(([peer, { writable }]) => (writable ? [] : [peer])),
    processes:
      processes === undefined
        ? null
        : { bus: processes.bus.state, log: processes.log.state, replica: processes.replica.state },
  };
}
