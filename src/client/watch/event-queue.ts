// Events on their way to whoever iterates, in order, and no more than a limit of them: who puts more in has to wait.

export class EventQueue<Event> implements AsyncIterator<Event, undefined> {
  private events: Event[] = [];
  /** Index of the next event: taking from the front of a long array one by one is slow. */
  private at = 0;
  private waiting: (() => void)[] = [];
  private wantRoom: (() => void)[] = [];
  private failure: Error | undefined;
  private isClosed = false;

  /** @param limit most events that wait. */
  constructor(private readonly limit: number) {}

  get isFull(): boolean {
    return this.events.length - this.at >= this.limit;
  }

  push(event: Event): void {
    if (this.isClosed) return;
    this.events.push(event);
    this.wake();
  }

  /** Resolves when half of the queue is free, or the queue is closed. */
  async room(): Promise<void> {
    while (!this.isClosed && this.events.length - this.at > this.limit / 2)
      await new Promise<void>(done => this.wantRoom.push(done));
  }

  /** No more events; what waits is dropped. With a failure the iteration ends with it. */
  close(failure?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.failure = failure;
    this.events = [];
    this.at = 0;
    this.wake();
    this.wakeWriters();
  }

  async next(): Promise<IteratorResult<Event, undefined>> {
    for (;;) {
      const event = this.events[this.at];
      if (event !== undefined) {
        this.at++;
        if (this.at > this.events.length / 2) {
          this.events = this.events.slice(this.at);
          this.at = 0;
        }
        if (this.events.length - this.at <= this.limit / 2) this.wakeWriters();
        return { done: false, value: event };
      }
      if (this.isClosed) {
        const { failure } = this;
        this.failure = undefined;
        if (failure !== undefined) throw failure;
        return { done: true, value: undefined };
      }
      await new Promise<void>(done => this.waiting.push(done));
    }
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const done of waiting) done();
  }

  private wakeWriters(): void {
    const { wantRoom } = this;
    this.wantRoom = [];
    for (const done of wantRoom) done();
  }
}
