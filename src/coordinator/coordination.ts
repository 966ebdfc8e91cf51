// What the write path and the read path share: the collaborators of one coordinator, and the lanes to every node.
import { InvalidRequestError } from '../errors.js';
import { BUCKETS } from '../model/bucket.js';
import type { HybridClock } from '../model/hlc.js';
import type { Level } from '../model/level.js';
import { LevelError, type Need, needOf } from '../model/need.js';
import { Ring, type RingSettings } from '../model/ring.js';
import type { Bus, Clock } from '../ports.js';
import type { ClusterDefinition } from '../wire/generated/types.js';
import { DEFAULT_BUCKET } from '../wire/requests.js';
import { streams, subjects } from '../wire/subjects.js';
import type { AnswerTimes } from './answer-times.js';
import type { Deadlines } from './deadlines.js';
import { EntryLane, type EntryOutcome } from './entry-lanes.js';
import type { HintStore } from './hints.js';
import type { Liveness } from './liveness.js';
import { Pace } from './pace.js';
import type { ReadLane } from './read-lane.js';

export interface Coordination {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly hlc: HybridClock;
  /** Names this coordinator in the versions it issues; new at every start, so no version is issued twice. */
  readonly writer: string;
  readonly rings: Rings;
  readonly liveness: Liveness;
  readonly deadlines: Deadlines;
  /** Wakes reads whose owners are late: finer than `deadlines`, since it is the length of a few answers. */
  readonly lateness: Deadlines;
  readonly answerTimes: AnswerTimes;
  readonly logs: LogLanes;
  readonly hints: HintStore;
  readonly reads: ReadonlyMap<string, ReadLane>;
  /** Records that reads and scans appended to owners found stale: counted when the log acked them or did not. */
  readonly repairs: { acked: number; failed: number };
  /** The node this coordinator is part of, which it asks first; undefined in a client. */
  readonly self: string | undefined;
  /** The zone this coordinator is in, where there are zones. */
  readonly zone: string | undefined;
}

/**
 * What the level of a request needs of the owners of its key.
 *
 * @throws InvalidRequestError when they can never meet it.
 */
export function needFor(
  c: Coordination,
  ring: Ring,
  owners: readonly string[],
  { level, zone }: { readonly level: Level; readonly zone?: string },
): Need {
  try {
    return needOf(level, { owners, zoneOf: node => ring.zoneOf(node), localZone: zone ?? c.zone });
  } catch (error) {
    if (error instanceof LevelError) throw new InvalidRequestError('level', error.message, { cause: error });
    throw error;
  }
}

/** What takes requests for one node. */
interface Queue {
  readonly isFull: boolean;
  isLateFor(remainingMs: number, nowMs: number): boolean;
}

/** Those of `nodes` whose lanes take a request that is to be answered by its deadline: mostly all, and then no other array is made. */
export function withRoom(
  nodes: readonly string[],
  lanes: ReadonlyMap<string, Queue>,
  deadlineAtMs: number,
  nowMs: number,
): readonly string[] {
  const remainingMs = deadlineAtMs - nowMs;
  for (const node of nodes)
    if (!hasRoom(lanes.get(node), remainingMs, nowMs))
      return nodes.filter(each => hasRoom(lanes.get(each), remainingMs, nowMs));
  return nodes;
}

function hasRoom(lane: Queue | undefined, remainingMs: number, nowMs: number): boolean {
  return lane !== undefined && !lane.isFull && !lane.isLateFor(remainingMs, nowMs);
}

/** What of a ring a bucket may have its own of. */
type Placement = Partial<Pick<RingSettings, 'partitioner' | 'replicationFactor'>>;

/** The rings of the buckets, by what their records carry: each life has its own. */
export class Rings {
  private readonly rings = new Map<string, Ring>();

  constructor(private readonly cluster: ClusterDefinition) {
    const { nodes } = cluster;
    this.rings.set(
      BUCKETS,
      new Ring(nodes, { partitioner: 'byte-ordered', replicationFactor: nodes.length }),
    );
    this.define(DEFAULT_BUCKET, {});
  }

  /** What a bucket takes from the cluster where it says nothing itself. */
  settings({ partitioner, replicationFactor }: Placement): Required<Placement> {
    const { cluster } = this;
    return {
      partitioner: partitioner ?? cluster.partitioner,
      replicationFactor: replicationFactor ?? cluster.replicationFactor,
    };
  }

  define(life: string, own: Placement): void {
    const { nodes, zones } = this.cluster;
    const settings = this.settings(own);
    const known = this.rings.get(life);
    const isSame =
      known?.settings.partitioner === settings.partitioner &&
      known.settings.replicationFactor === settings.replicationFactor;
    if (!isSame) this.rings.set(life, new Ring(nodes, { ...settings, zones }));
  }

  remove(life: string): void {
    this.rings.delete(life);
  }

  /** @throws InvalidRequestError for a bucket that is not defined. */
  of(bucket: string): Ring {
    const ring = this.rings.get(bucket);
    if (ring === undefined)
      throw new InvalidRequestError(
        'bucket',
        `unknown bucket ${JSON.stringify(bucket)}; there is ${[...this.rings.keys()].join(', ')}`,
      );
    return ring;
  }

  /** Undefined for a bucket that is not defined. */
  find(bucket: string): Ring | undefined {
    return this.rings.get(bucket);
  }

  /** Every bucket and its ring. */
  all(): ReadonlyMap<string, Ring> {
    return this.rings;
  }
}

/** How long a log may take to ack an entry before its node counts as dead, in milliseconds. */
export const ACK_TIMEOUT_MS = 1000;

/** One lane to the log of each node. */
export class LogLanes {
  readonly lanes: ReadonlyMap<string, EntryLane>;

  /** @param onAcked told of every entry a log has acknowledged. */
  constructor(
    bus: Bus,
    clock: Clock,
    nodes: readonly string[],
    liveness: Liveness,
    onAcked: (node: string, sequence: number, crc32: string) => void,
  ) {
    const inStep = { pace: new Pace(clock), clock };
    const lane = (node: string) =>
      new EntryLane({
        bus,
        subject: subjects.log(node),
        stream: streams.log(node),
        ackTimeoutMs: ACK_TIMEOUT_MS,
        inStep,
        onOutcome: outcome => {
          if (outcome.sequence !== undefined) onAcked(node, outcome.sequence, outcome.crc32);
          else if (isDeath(outcome)) liveness.gone(node);
        },
      });
    this.lanes = new Map(nodes.map(node => [node, lane(node)]));
    liveness.onDeath(node => this.lanes.get(node)?.abandon());
  }

  to(node: string): EntryLane {
    const lane = this.lanes.get(node);
    if (lane === undefined) throw new TypeError(`no node ${node}`);
    return lane;
  }

  get isIdle(): boolean {
    return [...this.lanes.values()].every(lane => lane.isIdle);
  }
}

/** Our own connection being closed or cut off says nothing about the node at the other end. */
export function isDeath(outcome: EntryOutcome): boolean {
  return outcome.failure === 'no-responders' || outcome.failure === 'timeout';
}
