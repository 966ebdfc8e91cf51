// Which nodes' logs are followed without a gap, judged by the sequences of what comes and of what heartbeats say there is.
import { coverage } from '../../model/cover.js';
import type { Presence } from '../../wire/generated/types.js';

/** How far one node's log is known. */
interface Place {
  /** The life of the log; undefined while no heartbeat has named it. */
  log: string | undefined;
  /** Every entry up to here has come, or its loss has been told. */
  sequence: number;
}

export class Following {
  private readonly places = new Map<string, Place>();
  private readonly alive = new Set<string>();
  private isSettled = false;

  /** @param onMissed told of every gap: entries there were that did not come. */
  constructor(
    private readonly nodes: readonly string[],
    private readonly onMissed: () => void,
  ) {}

  /** An entry has come. */
  entry(node: string, sequence: number): void {
    const place = this.places.get(node);
    if (place === undefined) this.begin(node, { log: undefined, sequence });
    else {
      if (sequence !== place.sequence + 1) this.onMissed();
      place.sequence = sequence;
    }
  }

  /** A heartbeat says how far its log is. What it names has been sent before it, on the same way. */
  presence({ node, position, applied }: Presence): void {
    if (applied === undefined) return;
    this.alive.add(node);
    const place = this.places.get(node);
    if (place === undefined) {
      this.begin(node, { log: position?.log, sequence: applied });
      return;
    }
    const isOther = place.log !== undefined && position !== undefined && place.log !== position.log;
    if (isOther || applied > place.sequence) {
      place.sequence = applied;
      this.onMissed();
    }
    place.log = position?.log ?? place.log;
  }

  gone(node: string): void {
    this.alive.delete(node);
  }

  /** From here on a log that was not known yet counts as one of which something was missed. */
  settle(): void {
    this.isSettled = true;
  }

  /** Whether every node has been heard of. */
  get isComplete(): boolean {
    return this.nodes.every(node => this.places.has(node));
  }

  /** How many of each group of owners are followed, at least. */
  coverage(groups: readonly (readonly string[])[]): number {
    return coverage(groups, new Set([...this.alive].filter(node => this.places.has(node))));
  }

  private begin(node: string, place: Place): void {
    if (!this.nodes.includes(node)) return;
    this.places.set(node, place);
    if (this.isSettled) this.onMissed();
  }
}
