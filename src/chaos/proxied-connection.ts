// One connection through a proxy: what one end sends, its end too, reaches the other when the network lets it.
import { Socket } from 'node:net';

/** Of one direction. */
export interface DirectionRules {
  isCut(): boolean;
  delayMs(): number;
}

export interface ProxiedConnectionOptions {
  /** The end that has connected. */
  readonly near: Socket;
  /** Of the end that is dialled, on the loopback. */
  readonly port: number;
  readonly there: DirectionRules;
  readonly back: DirectionRules;
  /** What the near end sends, before it is sent on. */
  readonly onData: (data: Buffer) => void;
  /** Nothing is left of it. */
  readonly onOver: () => void;
}

export class ProxiedConnection {
  // Half-open, or an end would be answered at once, by the proxy, for one that may never hear of it.
  private readonly far = new Socket({ allowHalfOpen: true });
  private readonly there: Pipe;
  private readonly back: Pipe;
  private isDialled = false;

  constructor(private readonly options: ProxiedConnectionOptions) {
    const { near, there, back, onData, onOver } = options;
    const { far } = this;
    this.there = new Pipe(near, far, {
      isCut: () => !this.isDialled || there.isCut(),
      delayMs: there.delayMs,
      onData,
    });
    this.back = new Pipe(far, near, { ...back, onData: () => {} });
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('close', () => {
        // Nobody to tell: it was never dialled.
        if (!this.isDialled) far.destroy();
        if (near.destroyed && far.destroyed) onOver();
      });
    }
    this.flow();
  }

  /** Lets go what waits and may go. */
  flow(): void {
    this.dial();
    this.there.flow();
    this.back.flow();
  }

  /** Ends both ends at once. */
  end(): void {
    this.there.end();
    this.back.end();
  }

  /** A handshake needs both directions. */
  private dial(): void {
    const { near, port, there, back } = this.options;
    if (this.isDialled || near.destroyed || there.isCut() || back.isCut()) return;
    this.isDialled = true;
    this.far.connect(port, '127.0.0.1');
  }
}

interface PipeRules extends DirectionRules {
  onData(data: Buffer): void;
}

/** Bytes that may wait in one direction of a connection; then its sender is no longer read from. */
const waitingBytesMax = 1024 * 1024;

/** One direction of a connection. Nothing is dropped and nothing overtakes: that is what TCP promises both ends. */
class Pipe {
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private isEnded = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: Socket,
    private readonly sink: Socket,
    private readonly rules: PipeRules,
  ) {
    source.on('data', data => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      rules.onData(bytes);
      this.waiting.push(bytes);
      this.waitingBytes += bytes.length;
      if (this.waitingBytes > waitingBytesMax) source.pause();
      this.arrange();
    });
    // Closed, reset or died: that is news as well, and takes the same way.
    const ended = () => {
      this.isEnded = true;
      this.arrange();
    };
    source.on('end', ended).on('close', ended).on('error', ended);
    sink.on('drain', () => this.flow());
  }

  /** Lets go what waits, unless it is to wait on. */
  flow(): void {
    if (this.rules.isCut()) return;
    const waiting = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    let isFull = false;
    if (this.sink.writable) for (const bytes of waiting) isFull = !this.sink.write(bytes) || isFull;
    if (this.isEnded) {
      clearTimeout(this.timer);
      this.sink.destroySoon();
      this.source.destroy();
    } else if (isFull) this.source.pause();
    else this.source.resume();
  }

  end(): void {
    clearTimeout(this.timer);
    this.source.destroy();
    this.sink.destroy();
  }

  private arrange(): void {
    const delayMs = this.rules.delayMs();
    if (delayMs === 0 && this.timer === undefined) {
      this.flow();
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flow();
    }, delayMs);
  }
}
