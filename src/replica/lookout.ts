// Looks after the log while nothing else does: is it still the one that was opened, with all its entries?
import type { Timer } from '../ports.js';
import type { ReplicaOptions } from './replica-options.js';

/** Between two looks, in milliseconds. */
const LOOK_MS = 1000;

export class Lookout {
  private timer: Timer | undefined;
  private closed = false;

  /** @param look may fail: the log's broker is away, and the replica opens the log when that is back. */
  constructor(
    private readonly options: Pick<ReplicaOptions, 'clock' | 'logger'>,
    private readonly look: () => Promise<void>,
  ) {}

  /** Looks after a while, and again after each look. */
  lookLater(): void {
    this.timer?.cancel();
    if (!this.closed) this.timer = this.options.clock.after(LOOK_MS, () => void this.lookNow());
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private async lookNow(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      this.options.logger.debug({ error }, 'could not look at the log');
    }
    this.lookLater();
  }
}
