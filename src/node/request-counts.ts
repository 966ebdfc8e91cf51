// Counts what a node coordinates, with a histogram of how long it took, by kind and level. The counters only grow, so that
// any number of readers can each look at the time since they last looked.
import { DynatsError } from '../errors.js';
import type { Clock } from '../ports.js';
import type { RequestCounts as Counts, GetReply, Level, PutReply } from '../wire/generated/types.js';
import type { Operation } from '../wire/requests.js';

/** Upper limit of the first item of a histogram, in milliseconds; each next one is 2^(1/4) times as large. */
const FIRST_MS = 0.05;
const STEPS_PER_DOUBLING = 4;
/** The last item takes all that is longer: over 9 seconds. */
const ITEMS = 72;

/** The requests of one kind and level. */
export interface RequestTally {
  readonly counts: Counts;
  /** How long those that were answered took together, in milliseconds. */
  tookMs: number;
  /** Those that failed, by the code of their error. */
  readonly failures: Map<string, number>;
}

export class RequestCounts {
  private readonly byName = new Map<string, RequestTally>();

  constructor(private readonly clock: Clock) {}

  /** The reply, counted when it is there. */
  async of(operation: Operation, reply: Promise<PutReply | GetReply>): Promise<PutReply | GetReply> {
    const begunAtMs = this.clock.monotonic();
    try {
      const answer = await reply;
      const tally = this.find(operation.kind, answer.level);
      const { counts } = tally;
      const tookMs = this.clock.monotonic() - begunAtMs;
      counts.answered++;
      tally.tookMs += tookMs;
      const item = itemOf(tookMs);
      while (counts.latency.length <= item) counts.latency.push(0);
      counts.latency[item] = (counts.latency[item] ?? 0) + 1;
      return answer;
    } catch (error) {
      const { counts, failures } = this.find(operation.kind, operation.level);
      const code = error instanceof DynatsError ? error.code : 'INTERNAL';
      counts.failed++;
      failures.set(code, (failures.get(code) ?? 0) + 1);
      throw error;
    }
  }

  all(): Counts[] {
    return [...this.byName.values()].map(({ counts }) => counts);
  }

  tallies(): RequestTally[] {
    return [...this.byName.values()];
  }

  private find(kind: Operation['kind'], level: Level): RequestTally {
    const name = `${kind} ${level}`;
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const added: RequestTally = {
      counts: { kind, level, answered: 0, failed: 0, latency: [] },
      tookMs: 0,
      failures: new Map(),
    };
    this.byName.set(name, added);
    return added;
  }
}

/** The item of a histogram that counts a request of `tookMs`. */
export function itemOf(tookMs: number): number {
  if (tookMs < FIRST_MS) return 0;
  return Math.min(ITEMS - 1, Math.floor(Math.log2(tookMs / FIRST_MS) * STEPS_PER_DOUBLING) + 1);
}

/** Below how many milliseconds the item counts; infinity for the last. */
export function limitMsOf(item: number): number {
  return item >= ITEMS - 1 ? Number.POSITIVE_INFINITY : FIRST_MS * 2 ** (item / STEPS_PER_DOUBLING);
}
