// One line a node: what its processes and the node itself say, put together. The two letters are nodetool's.

import { formatElapsed } from '../model/duration.js';
import type { StatusReply } from '../wire/generated/types.js';
import type { ProcessState } from './node-processes.js';
import { Part, parts } from './part.js';
import type { NodeReport } from './report.js';

export const legend = 'U up, D down / N normal, J catching up, R recovering, P paused';

export interface NodeStatus {
  readonly node: string;
  /** `UN`, `DN`... as the legend has it. */
  readonly state: string;
  /** Why it is recovering, or why a process of it died. */
  readonly reason: string | null;
  /** Of a local emulator its three processes; else the replica only. */
  readonly pids: Readonly<Record<Part, number | null>>;
  readonly processes?: Readonly<Record<Part, ProcessState>>;
  readonly broker: StatusReply['broker'] | null;
  /** Null when the node does not answer, as all that follows. */
  readonly keys: number | null;
  readonly tombstones: number | null;
  readonly log: StatusReply['log'] | null;
  readonly caughtUp: StatusReply['caughtUp'] | null;
  /** Hint entries it holds for others. */
  readonly hintsHeld: number | null;
  /** Hint entries the nodes that answer hold for it. */
  readonly hintsPending: number;
  /** What it compared with other owners and repaired, and the round under way. */
  readonly antiEntropy: StatusReply['antiEntropy'] | null;
  readonly version: string | null;
}

export interface KnownOfNode {
  readonly node: string;
  /** What the node said; undefined when it did not answer. */
  readonly status: StatusReply | undefined;
  /** Of a local emulator. */
  readonly processes?: NodeReport | undefined;
}

export function statusView(known: readonly KnownOfNode[]): NodeStatus[] {
  return known.map(({ node, status, processes }) => ({
    node,
    state: lettersOf(status, processes),
    reason: status?.reason ?? clockNote(status) ?? deathOf(processes),
    pids: {
      bus: processes?.bus.pid ?? null,
      log: processes?.log.pid ?? null,
      replica: processes === undefined ? (status?.pid ?? null) : processes.replica.pid,
    },
    ...(processes === undefined
      ? {}
      : {
          processes: {
            bus: processes.bus.state,
            log: processes.log.state,
            replica: processes.replica.state,
          },
        }),
    broker: status?.broker ?? null,
    keys: status?.keys ?? null,
    tombstones: status?.tombstones ?? null,
    log: status?.log ?? null,
    caughtUp: status?.caughtUp ?? null,
    hintsHeld: status === undefined ? null : sum(Object.values(status.hints.held)),
    hintsPending: sum(known.map(other => other.status?.hints.held[node] ?? 0)),
    antiEntropy: status?.antiEntropy ?? null,
    version: status?.version ?? null,
  }));
}

/** A clock that most of the other nodes disagree with. */
function clockNote(status: StatusReply | undefined): string | null {
  const correctionMs = status?.clock.correctionMs ?? 0;
  if (correctionMs === 0) return null;
  return `its clock is ${formatElapsed(Math.abs(correctionMs))} ${correctionMs < 0 ? 'ahead of' : 'behind'} the others; it goes by theirs`;
}

/** Why a node is not serving, and how far it has come. */
export function noteOf({ state, reason, caughtUp, antiEntropy }: NodeStatus): string {
  const running = antiEntropy?.running;
  if (state.endsWith('R') && running)
    return `${reason ?? 'recovering'} (${running.done} of ${running.total} comparisons done)`;
  if (reason !== null) return reason;
  return caughtUp && state.endsWith('J') ? `${caughtUp.applied} of ${caughtUp.total} entries read` : '';
}

/** Records fetched from other owners and sent to them, `12/0`. */
export function repairedOf({ antiEntropy }: NodeStatus): string {
  return antiEntropy === null ? '-' : `${antiEntropy.totals.fetched}/${antiEntropy.totals.sent}`;
}

function lettersOf(status: StatusReply | undefined, processes: NodeReport | undefined): string {
  const paused = processes !== undefined && parts.some(part => processes[part].state === 'paused');
  const letter = paused
    ? 'P'
    : { 'catching-up': 'J', recovering: 'R', serving: 'N' }[status?.state ?? 'serving'];
  return `${status === undefined ? 'D' : 'U'}${letter}`;
}

function deathOf(processes: NodeReport | undefined): string | null {
  if (processes === undefined) return null;
  const part = [Part.Log, Part.Bus, Part.Replica].find(each => processes[each].state === 'died');
  return part === undefined ? null : `${part} died: ${processes[part].why ?? 'unknown'}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
