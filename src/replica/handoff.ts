// Handoff: delivers hints to their targets once those are back, in order, and removes what a target's log has acked. Hints
// are in a stream, not in a process: when a holder's replica is gone, the next alive node delivers for it.
import { acknowledgedSequence } from '../coordinator/entry-lanes.js';
import type { Liveness } from '../coordinator/liveness.js';
import type { Bus, Clock, HintStream, Logger, StreamEntry, Timer } from '../ports.js';
import { streams, subjects } from '../wire/subjects.js';

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
}

/** How often to look for hints that can be delivered, in milliseconds. */
const LOOK_MS = 500;
/** Entries of one read of a hints stream; one delivery is in flight at a time. */
const ENTRIES_PER_READ = 64;
const ACK_TIMEOUT_MS = 2000;

export class Handoff {
  private timer: Timer | undefined;
  private looking = false;
  private closed = false;
  private deliveredCount = 0;
  private heldCounts: ReadonlyMap<string, number> = new Map();
  private readonly streams = new Map<string, HintStream>();

  constructor(private readonly options: HandoffOptions) {}

  /** Hint entries delivered since the start. */
  get delivered(): number {
    return this.deliveredCount;
  }

  /** Hint entries this node holds for each target, as of the last look. */
  get held(): ReadonlyMap<string, number> {
    return this.heldCounts;
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
        await this.deliverFrom(holder);
      } catch (error) {
        // Its broker may be down too; the hints stay where they are.
        this.options.logger.debug({ error, holder }, 'could not deliver hints');
      }
    }
    this.looking = false;
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

  private async deliverFrom(holder: string): Promise<void> {
    const stream = this.streamOf(holder);
    const held = await stream.held();
    if (holder === this.options.node) this.heldCounts = held;
    for (const [target, count] of held) {
      if (count > 0 && this.canDeliver(target)) await this.deliver(stream, holder, target);
    }
    if (holder === this.options.node && held.size > 0) this.heldCounts = await stream.held();
  }

  private canDeliver(target: string): boolean {
    return !this.closed && this.options.liveness.isWritable(target);
  }

  private async deliver(stream: HintStream, holder: string, target: string): Promise<void> {
    const subject = subjects.hints(holder, target);
    while (this.canDeliver(target)) {
      const { firstSequence, lastSequence } = await stream.state();
      const batch: StreamEntry[] = [];
      await stream.read(firstSequence, lastSequence, entry => batch.push(entry), {
        subject,
        limit: ENTRIES_PER_READ,
      });
      if (batch.length === 0) return;
      const through = await this.append(batch, target);
      if (through === undefined) return;
      await stream.purge(through, subject);
    }
  }

  /** Publishes the entries, as they are, to the target's log. Returns the last hint sequence that was acked. */
  private async append(batch: readonly StreamEntry[], target: string): Promise<number | undefined> {
    const { bus, logger, liveness } = this.options;
    let through: number | undefined;
    for (const entry of batch) {
      if (!this.canDeliver(target)) return through;
      try {
        const reply = await bus.request(subjects.log(target), entry.data, ACK_TIMEOUT_MS);
        if (acknowledgedSequence(reply.data, streams.log(target)) === undefined) {
          logger.warn({ target, reply: Buffer.from(reply.data).toString() }, 'the target refused a hint');
          return through;
        }
      } catch (error) {
        logger.debug({ error, target }, 'the target went away during handoff');
        liveness.gone(target);
        return through;
      }
      through = entry.sequence;
      this.deliveredCount++;
    }
    return through;
  }

  private streamOf(holder: string): HintStream {
    const known = this.streams.get(holder);
    if (known !== undefined) return known;
    const stream = this.options.hintsOf(holder);
    this.streams.set(holder, stream);
    return stream;
  }
}
