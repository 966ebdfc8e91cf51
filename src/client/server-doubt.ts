// A server that hangs says nothing, and the NATS client waits for its pings for some seconds. When nobody answers over it, a
// client finds out at once whether it is the server, and goes to another one while its calls still have time.
import type { Server } from '@nats-io/nats-core';
import type { ConnectOptions } from './options.js';
import { within } from './within.js';

/** The part of a bus that it takes. */
export interface Doubted {
  readonly isOpen: boolean;
  readonly connection: { flush(): Promise<void>; reconnect(): Promise<void>; getServer(): string };
}

/** How long, twice over, a server that is doubted has to answer a ping, in milliseconds. */
const PONG_MS = 400;
/** A server that was left is not dialled for so long, while there is another, in milliseconds: to hear nothing there takes seconds. */
const SHUN_MS = 10_000;
const LEAVING_MS = 1000;

export class ServerDoubt {
  private doubt: Promise<void> | undefined;
  private left = { server: '', atMs: Number.NEGATIVE_INFINITY };
  /** A connection that is somebody else's stays where it is. */
  private isOurs = true;

  /** Whether it has just left a server: the connection itself says so only a moment later. */
  get hasJustLeft(): boolean {
    return performance.now() < this.left.atMs + LEAVING_MS;
  }

  /** The options to connect with. Whoever chooses servers by himself does so. */
  settings(options: ConnectOptions): ConnectOptions {
    this.isOurs = options.connection === undefined;
    const reconnectToServer = (pool: readonly Server[]) => this.choose(pool);
    return this.isOurs ? { ...options, nats: { reconnectToServer, ...options.nats } } : options;
  }

  /** Resolves when the server has answered, or is left. */
  raise(bus: Doubted): Promise<void> {
    if (!this.isOurs || !bus.isOpen) return Promise.resolve();
    this.doubt ??= this.ask(bus).finally(() => {
      this.doubt = undefined;
    });
    return this.doubt;
  }

  private async ask(bus: Doubted): Promise<void> {
    const { connection } = bus;
    const server = connection.getServer();
    let hasAnswered = false;
    const heard = () => {
      hasAnswered = true;
    };
    // Rejects when the connection is lost: then there is another one already.
    const pong = connection.flush().then(heard, heard);
    // Twice: a process that was stopped itself first hears that the time is up, and only then what had arrived.
    for (let i = 0; i < 2; i++) await within(pong, PONG_MS);
    if (hasAnswered || !bus.isOpen) return;
    this.left = { server, atMs: performance.now() };
    await connection.reconnect();
  }

  /** Whom to dial next; null for the first, as the NATS client would. */
  private choose(pool: readonly Server[]): Server | null {
    const { server, atMs } = this.left;
    if (pool[0]?.listen !== server || performance.now() > atMs + SHUN_MS) return null;
    const others = pool.filter(({ listen }) => listen !== server);
    return others.sort((a, b) => a.lastConnect - b.lastConnect)[0] ?? null;
  }
}
