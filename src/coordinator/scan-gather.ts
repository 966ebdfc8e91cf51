// Asks owners for their pages of a scan, until enough owners of every key have answered.
import { ReadTimeoutError } from '../errors.js';
import { cover, uncovered } from '../model/cover.js';
import type { Need } from '../model/need.js';
import { BusError } from '../ports.js';
import { replicaScanReply as validate } from '../wire/generated/validators.js';
import { decodeReply } from '../wire/json.js';
import { subjects } from '../wire/subjects.js';
import type { Coordination } from './coordination.js';
import type { Alarm } from './deadlines.js';
import type { ReplicaPage } from './scan-merge.js';

/** Owners that have not answered within this time are backed up by others where there are any, in milliseconds. */
const LATE_MS = 100;
/** How long a page may take before its node counts as not answering, in milliseconds. */
const PAGE_TIMEOUT_MS = 1000;

export interface GatherOptions {
  /** Of every group of owners. */
  readonly need: Need;
  /** Whom to ask, the preferred ones first; together they are enough. */
  readonly candidates: readonly string[];
  /** The request to each replica. */
  readonly request: Uint8Array;
  /** On the monotonic clock. */
  readonly deadlineAtMs: number;
}

/** @throws ReadTimeoutError too few answered in time, or would. */
export function gatherPages(
  c: Coordination,
  options: GatherOptions,
): Promise<ReadonlyMap<string, ReplicaPage>> {
  return new Promise((resolve, reject) => new Gathering(c, options, resolve, reject).start());
}

class Gathering {
  private readonly pages = new Map<string, ReplicaPage>();
  /** Asked, and neither answered nor failed yet. */
  private readonly pending = new Set<string>();
  private spare: readonly string[];
  private alarms: Alarm[] = [];
  private settled = false;

  constructor(
    private readonly c: Coordination,
    private readonly options: GatherOptions,
    private readonly resolve: (pages: ReadonlyMap<string, ReplicaPage>) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.spare = options.candidates;
  }

  start(): void {
    const { clock, deadlines } = this.c;
    this.alarms = [
      deadlines.add(this.options.deadlineAtMs, { wake: () => this.fail() }),
      deadlines.add(clock.monotonic() + LATE_MS, { wake: () => this.askInstead() }),
    ];
    if (!this.askEnough(new Set())) this.fail();
  }

  /** Asks whoever is needed beside `counted`. False when that cannot be enough. */
  private askEnough(counted: ReadonlySet<string>): boolean {
    const chosen = cover(this.options.need, this.spare, counted);
    if (chosen === undefined) return false;
    this.spare = this.spare.filter(node => !chosen.includes(node));
    for (const node of chosen) void this.ask(node);
    return true;
  }

  /** Those that are late may yet answer; where others can take their place they are asked, too. */
  private askInstead(): void {
    if (!this.settled) this.askEnough(new Set(this.pages.keys()));
  }

  private async ask(node: string): Promise<void> {
    this.pending.add(node);
    const page = await this.pageOf(node);
    this.pending.delete(node);
    if (this.settled) return;
    if (page !== undefined) this.pages.set(node, page);
    const answered = new Set(this.pages.keys());
    if (uncovered(this.options.need, answered) === undefined) {
      this.settle();
      this.resolve(this.pages);
    } else if (!this.askEnough(new Set([...answered, ...this.pending]))) this.fail();
  }

  private async pageOf(node: string): Promise<ReplicaPage | undefined> {
    try {
      const reply = await this.c.bus.request(subjects.scan(node), this.options.request, PAGE_TIMEOUT_MS);
      const page = decodeReply(validate, reply.data);
      return page.node === node && page.refused === undefined ? page : undefined;
    } catch (error) {
      if (error instanceof BusError && error.kind === 'no-responders') this.c.liveness.gone(node);
      // A reply that is not valid, or an error reply, is no answer; other owners are asked.
      return undefined;
    }
  }

  private fail(): void {
    if (this.settled) return;
    this.settle();
    const missing = uncovered(this.options.need, new Set(this.pages.keys()));
    const { required, there, zone } = missing ?? { required: 0, there: 0, zone: undefined };
    this.reject(new ReadTimeoutError(required, there, undefined, { zone }));
  }

  private settle(): void {
    this.settled = true;
    for (const alarm of this.alarms) alarm.cancel();
  }
}
