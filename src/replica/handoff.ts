// Handoff: delivers hints to their targets once those are back, in order, and removes what a target's log has acked. Hints
// are in a stream, not in a process: when a holder's replica is gone, the next alive node delivers for it.
import { acknowledgedSequence } from '../coordinator/entry-lanes.js';
import type { Liveness } from '../coordinator/liveness.js';
import { isExpired, policyOf } from '../model/hint-settings.js';
import type { Bus, Clock, HeldHints, HintEntry, HintStream, Logger, Timer } from '../ports.js';
import type { HintPolicy } from '../wire/generated/types.js';
import { checksumOf } from '../wire/log-entry.js';
import { streams, subjects } from '../wire/subjects.js';
import type { HintLedger } from './hint-ledger.js';
import type { HintLosses } from './hint-losses.js';
import { Throttle } from './throttle.js';

export interface HandoffOptions {
  readonly node: string;
  /** In ring order. */
  readonly nodes: readonly string[];
  readonly bus: Bus;
  readonly clock: Clock;
  readonly liveness: Liveness;
  readonly logger: Logger;
  /** The hints that a node holds, this one's or another's. */
  readonly hintsOf: (holder: string) => HintStream;
  /** What governs this node's own hints. */
  readonly policy: () => HintPolicy;
  readonly ledger: HintLedger;
  readonly losses: HintLosses;
}

/** How often to look for hints that can be delivered, in milliseconds. */
const LOOK_MS = 500;
/** Entries of one read of a hints stream; one delivery is in flight at a time. */
const ENTRIES_PER_READ = 64;
const ACK_TIMEOUT_MS = 2000;

/** One holder's hints for one target. */
interface Backlog {
  readonly stream: HintStream;
  readonly holder: string;
  readonly target: string;
  readonly held: HeldHints;
  readonly policy: () => HintPolicy;
}

export class Handoff {
  private timer: Timer | undefined;
  private looking = false;
  private closed = false;
  private hasLooked = false;
  /** Where this node's own hints ended at the last look. */
  private lastSequence = 0;
  private deliveredCount = 0;
  private lookCount = 0;
  private readonly streams = new Map<string, HintStream>();
  private readonly throttle: Throttle;

  constructor(private readonly options: HandoffOptions) {
    this.throttle = new Throttle(options.clock);
  }

  /** Hint entries delivered since the start. */
  get delivered(): number {
    return this.deliveredCount;
  }

  /** Looks that have come to their end since the start. */
  get looks(): number {
    return this.lookCount;
  }

  /** Hint entries this node holds for each target, as of the last look. */
  get held(): ReadonlyMap<string, number> {
    return this.options.ledger.held;
  }

  /** Hint entries this node holds, as of the last look; undefined before the first. */
  get heldTotal(): number | undefined {
    return this.hasLooked ? [...this.held.values()].reduce((sum, count) => sum + count, 0) : undefined;
  }

  start(): void {
    this.timer = this.options.clock.after(LOOK_MS, () => void this.look());
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    for (const holder of this.holdersToServe()) {
      try {
        while (!this.closed && (await this.serve(holder)));
      } catch (error) {
        // Its broker may be down too; the hints stay where they are.
        this.options.logger.debug({ error, holder }, 'could not deliver hints');
      }
    }
    this.looking = false;
    this.lookCount++;
    if (!this.closed) this.start();
  }

  /** This node, and every dead node whose nearest alive successor this node is. */
  private holdersToServe(): string[] {
    const { node, nodes, liveness } = this.options;
    const at = nodes.indexOf(node);
    const served = [node];
    for (let i = 1; i < nodes.length; i++) {
      const previous = nodes[(at - i + nodes.length) % nodes.length];
      if (previous === undefined || liveness.isWritable(previous)) break;
      served.push(previous);
    }
    return served;
  }

  /** Takes some hints of every target out of the holder's stream. @returns whether there may be more to take out now. */
  private async serve(holder: string): Promise<boolean> {
    const { node, ledger } = this.options;
    const stream = this.streamOf(holder);
    const held = await stream.held();
    const isOwn = holder === node;
    if (isOwn) {
      this.countLost(held);
      await ledger.follow(stream, held);
    }
    this.hasLooked ||= isOwn;
    // A holder whose process is gone is served by its own rules, as it left them with its hints.
    const left = held.policy ?? policyOf({});
    const policy = isOwn ? this.options.policy : () => left;
    let isMore = false;
    for (const target of held.entries.keys())
      if (await this.takeSome({ stream, holder, target, held, policy })) isMore = true;
    return isMore;
  }

  /** A stream that ends before where it ended has lost hints, or was begun anew. */
  private countLost({ lastSequence, entries }: HeldHints): void {
    if (lastSequence < this.lastSequence)
      for (const [target, count] of this.held) {
        const lost = count - (entries.get(target) ?? 0);
        if (lost > 0) this.options.losses.sawDropped(target, lost);
      }
    this.lastSequence = lastSequence;
  }

  private canDeliver({ target, policy }: Backlog): boolean {
    return !this.closed && this.options.liveness.isWritable(target) && !policy().paused.includes(target);
  }

  private isExpired({ storedAtMs }: HintEntry, { policy }: Backlog): boolean {
    return isExpired(storedAtMs, this.options.clock.now(), policy().settings);
  }

  /** Delivers the oldest hints, or, too old, takes them out undelivered. @returns whether any was taken out. */
  private async takeSome(backlog: Backlog): Promise<boolean> {
    const { stream, holder, target } = backlog;
    const [oldest] = await this.readOldest(backlog, 1);
    if (holder === this.options.node) this.options.ledger.sawOldest(target, oldest?.storedAtMs);
    if (oldest === undefined) return false;
    if (!this.canDeliver(backlog) && !this.isExpired(oldest, backlog)) return false;
    const taken: HintEntry[] = [];
    let expired = 0;
    for (const hint of await this.readOldest(backlog, ENTRIES_PER_READ)) {
      if (this.isExpired(hint, backlog)) expired++;
      else if (!(await this.deliver(hint, backlog))) break;
      taken.push(hint);
    }
    const last = taken.at(-1);
    if (last === undefined) return false;
    await stream.purge(last.sequence, subjects.hints(holder, target));
    if (holder === this.options.node) this.options.ledger.removed(taken);
    if (expired > 0) this.options.losses.sawExpired(target, expired);
    return true;
  }

  private async readOldest({ stream, holder, target, held }: Backlog, limit: number): Promise<HintEntry[]> {
    const found: HintEntry[] = [];
    const subject = subjects.hints(holder, target);
    await stream.hints(held.firstSequence, held.lastSequence, hint => found.push(hint), { subject, limit });
    return found;
  }

  /** Publishes the entry, as it is, to the target's log. @returns whether the log has it. */
  private async deliver(hint: HintEntry, backlog: Backlog): Promise<boolean> {
    const { bus, logger, liveness } = this.options;
    const { holder, target, policy } = backlog;
    const isOver = () => !this.canDeliver(backlog) || this.isExpired(hint, backlog);
    if (!(await this.throttle.pass(hint.data.length, () => policy().settings.bytesPerSecond, isOver)))
      return false;
    try {
      // Whoever delivers it, and however often: what the log has stored under this id it does not store again.
      const messageId = `${holder}.${hint.sequence}.${checksumOf(hint.data)}`;
      const reply = await bus.request(subjects.log(target), hint.data, ACK_TIMEOUT_MS, { messageId });
      if (acknowledgedSequence(reply.data, streams.log(target)) === undefined) {
        logger.warn({ target, reply: Buffer.from(reply.data).toString() }, 'the target refused a hint');
        return false;
      }
    } catch (error) {
      logger.debug({ error, target }, 'the target went away during handoff');
      liveness.gone(target);
      return false;
    }
    this.deliveredCount++;
    return true;
  }

  private streamOf(holder: string): HintStream {
    const known = this.streams.get(holder);
    if (known !== undefined) return known;
    const stream = this.options.hintsOf(holder);
    this.streams.set(holder, stream);
    return stream;
  }
}
