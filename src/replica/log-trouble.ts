// Whether the log's broker does what it is there for. After a write error, of a full disk say, a NATS server stores nothing more
// in that stream until it is started again, though there is room by then, and its JetStream API may hang: it answers pings, and
// is of no use. Who can start it again has to know.
import type { Clock, Logger, LogLife, ReplicaLog, StreamState } from '../ports.js';

/** What fails for so long, and each time, is told; in milliseconds. Sooner it may be load, or a disk that is full for a moment. */
const LASTING_MS = 8000;
/** And so often: a process that was frozen has no measure of how long. */
const FAILURES_MIN = 3;

/** What a log is asked for: to say how it is, and to store. */
type Duty = 'answers' | 'stores';

interface Failing {
  readonly sinceMs: number;
  count: number;
}

export interface LogTroubleOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: ReplicaLog;
  /** Whether there is a connection to the log's broker: without one its silence says nothing. */
  readonly isConnected: () => boolean;
  /** `reason` is another one. */
  readonly onState: () => void;
}

export class LogTrouble {
  private readonly failing = new Map<Duty, Failing>();
  private told: Duty | undefined;
  private seen: StreamState | undefined;

  constructor(private readonly options: LogTroubleOptions) {}

  /** What is wrong and what helps; null while nothing is. */
  get reason(): string | null {
    if (this.told === undefined) return null;
    return `its log broker is there but ${this.told === 'stores' ? 'stores nothing' : 'does not answer'}: once its disk has room, start it again`;
  }

  /** The log's name, and how far it reaches now. @throws when its broker does not say. */
  async look(): Promise<{ life: LogLife | undefined; state: StreamState | undefined }> {
    const { log, isConnected } = this.options;
    try {
      const life = await log.life();
      this.seen = life === undefined ? undefined : await log.state();
      this.ended('answers', true);
      return { life, state: this.seen };
    } catch (error) {
      if (isConnected()) this.ended('answers', false);
      throw error;
    }
  }

  /** How far the log reaches: as it is now, or as last seen while its broker is known not to say. */
  async extent(): Promise<StreamState> {
    if (this.told !== undefined && this.seen !== undefined) return this.seen;
    return this.options.log.state();
  }

  /** The log was asked for something, and did it or not. */
  ended(duty: Duty, isDone: boolean): void {
    if (isDone) this.failing.delete(duty);
    else {
      const failing = this.failing.get(duty) ?? { sinceMs: this.options.clock.monotonic(), count: 0 };
      failing.count++;
      this.failing.set(duty, failing);
    }
    this.tell();
  }

  /** The broker is gone: of the one that comes nothing is known. */
  forget(): void {
    this.failing.clear();
    this.tell();
  }

  private tell(): void {
    const { clock, logger, onState } = this.options;
    const now = clock.monotonic();
    const lasting = [...this.failing].find(
      ([, { sinceMs, count }]) => count >= FAILURES_MIN && now - sinceMs >= LASTING_MS,
    )?.[0];
    if (lasting === this.told) return;
    this.told = lasting;
    if (this.reason === null) logger.info({}, 'the log broker does its work again');
    else logger.error({ reason: this.reason }, 'the log is of no use');
    onState();
  }
}
