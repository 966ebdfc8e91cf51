// A simulated process: what a node or a client runs in, connected to the broker of its site; and the Bus it has.
import type { Bus, Message, Subscription } from '../../src/ports.js';
import { BusError } from '../../src/ports.js';
import type { SimBroker, SimMessage, SimNetwork } from './network.js';
import type { Listener } from './routes.js';

/** How soon the others' brokers know that a process is gone, in milliseconds. */
const GONE_MS = 2;

let processes = 0;

export class SimProcess {
  readonly id = `p${processes++}`;
  isAlive = true;
  isPaused = false;
  private isConnected = true;
  private held: (() => void)[] = [];
  /** Published while there was no connection: sent when there is one again, as the NATS client does. */
  private unsent: (() => void)[] = [];
  private readonly mine = new Set<Listener>();

  constructor(
    readonly network: SimNetwork,
    readonly broker: SimBroker,
  ) {}

  get canReceive(): boolean {
    return this.isConnected && this.broker.isUp;
  }

  receive(handler: (message: Message) => void, message: Message): void {
    if (this.canReceive) this.run(() => handler(message));
  }

  /** Runs `work` now, or when the process goes on. Dropped when it is dead. */
  run(work: () => void): void {
    if (!this.isAlive) return;
    if (this.isPaused) this.held.push(work);
    else work();
  }

  send(message: SimMessage): void {
    if (!this.isAlive || !this.broker.isUp) return;
    if (this.isConnected) this.network.publish(this, message);
    else this.unsent.push(() => this.network.publish(this, message));
  }

  listen(subject: string, handler: (message: Message) => void, queue?: string): Subscription {
    const listener = { subject, queue, process: this, handler };
    this.mine.add(listener);
    this.network.listeners.add(listener);
    return {
      unsubscribe: () => {
        this.mine.delete(listener);
        this.network.listeners.delete(listener);
      },
    };
  }

  /** The connection to the broker breaks; what is on its way to the process is lost. */
  disconnect(): void {
    this.isConnected = false;
  }

  reconnect(): void {
    this.isConnected = true;
    const unsent = this.unsent;
    this.unsent = [];
    for (const send of unsent) send();
  }

  /** Ends without a word. Its subscriptions are gone a moment later. */
  kill(): void {
    this.isAlive = false;
    this.held = [];
    this.unsent = [];
    this.network.clock.after(GONE_MS, () => {
      for (const listener of this.mine) this.network.listeners.delete(listener);
    });
  }

  resume(): void {
    this.isPaused = false;
    const held = this.held;
    this.held = [];
    for (const work of held) work();
  }
}

/** The Bus port of a simulated process. */
export class SimBus implements Bus {
  readonly maxPayload = 1024 * 1024;

  constructor(private readonly process: SimProcess) {}

  async request(
    subject: string,
    data: Uint8Array,
    timeoutMs: number,
    { messageId }: { messageId?: string } = {},
  ): Promise<Message> {
    const { network, broker } = this.process;
    if (!this.process.isAlive || !broker.isUp) throw new BusError('closed', subject);
    const reply = network.newInbox();
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        subscription.unsubscribe();
        timer.cancel();
        settle();
      };
      const subscription = this.process.listen(reply, message =>
        end(() => {
          if (message.data.length === 0) reject(new BusError('no-responders', subject));
          else resolve(message);
        }),
      );
      const timer = network.clock.after(timeoutMs, () => end(() => reject(new BusError('timeout', subject))));
      this.process.send({ subject, data, reply, messageId });
    });
  }

  settled(): Promise<void> {
    return Promise.resolve(); // The simulated broker hears of a subscription at once.
  }

  publish(subject: string, data: Uint8Array, options?: { reply?: string }): void {
    this.process.send({ subject, data, reply: options?.reply });
  }

  subscribe(
    subject: string,
    handler: (message: Message) => void,
    options?: { queue?: string },
  ): Subscription {
    return this.process.listen(subject, handler, options?.queue);
  }

  probe(subject: string, gone: () => void): void {
    const reply = this.process.network.newInbox();
    const subscription = this.process.listen(reply, () => {
      subscription.unsubscribe();
      gone();
    });
    // Nobody but a broker answers a probe; let go of the inbox when it has had time to.
    this.process.network.clock.after(1000, () => subscription.unsubscribe());
    this.publish(subject, new Uint8Array(), { reply });
  }
}
