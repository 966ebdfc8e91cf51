// A lane coalesces what is waiting for one destination into one message while the previous message is in flight. Alone, an
// operation is sent at once; under load one message, and one fsync behind it, carries hundreds.

export interface LaneLimits {
  /** Most items one message carries. */
  readonly itemsMax: number;
  /** Most bytes of items one message carries. An item alone may exceed it. */
  readonly bytesMax: number;
  /** Most items that wait; beyond it the lane is full. */
  readonly queuedMax: number;
  /** Most messages under way at once. */
  readonly inFlightMax: number;
}

export interface LaneItem {
  /** Bytes the item adds to a message. */
  readonly bytes: number;
}

export class Lane<Item extends LaneItem> {
  private queue: Item[] = [];
  private inFlight = 0;
  private scheduled = false;

  /** @param transmit sends one message and settles its items, whatever happens; must not reject. */
  constructor(
    private readonly limits: LaneLimits,
    private readonly transmit: (items: Item[]) => Promise<void>,
  ) {}

  /** A full lane takes no more: the caller refuses its request with OVERLOADED before anything is sent. */
  get isFull(): boolean {
    return this.queue.length >= this.limits.queuedMax;
  }

  get isIdle(): boolean {
    return this.queue.length === 0 && this.inFlight === 0;
  }

  submit(item: Item): void {
    this.queue.push(item);
    this.schedule();
  }

  /** Takes back everything not sent yet. */
  takeQueued(): Item[] {
    const taken = this.queue;
    this.queue = [];
    return taken;
  }

  private schedule(): void {
    if (this.scheduled || this.inFlight >= this.limits.inFlightMax) return;
    this.scheduled = true;
    // Everything that one incoming message asks for goes out in one message.
    queueMicrotask(() => {
      this.scheduled = false;
      this.sendNext();
    });
  }

  private sendNext(): void {
    if (this.queue.length === 0) return;
    const items = this.takeMessage();
    this.inFlight++;
    void this.transmit(items).then(() => {
      this.inFlight--;
      if (this.queue.length > 0) this.sendNext();
    });
    if (this.queue.length > 0) this.schedule();
  }

  private takeMessage(): Item[] {
    let bytes = 0;
    let count = 0;
    for (const item of this.queue) {
      bytes += item.bytes;
      if (count > 0 && (bytes > this.limits.bytesMax || count >= this.limits.itemsMax)) break;
      count++;
    }
    if (count === this.queue.length) return this.takeQueued();
    return this.queue.splice(0, count);
  }
}
