// The simulated bus: sites, each with a broker and the processes connected to it. Messages travel hop by hop (process to
// broker, broker to broker, broker to process), in order on each hop, as over TCP; links lose and delay what is on them.
import type { Bus, Message, Subscription } from '../../src/ports.js';
import { BusError } from '../../src/ports.js';
import type { SeededRandom } from './random.js';
import type { VirtualClock } from './virtual-clock.js';

export interface Faults {
  /** Probability that a message between two brokers is lost. */
  loss: number;
  /** Probability that a hop takes up to `delayMs` more. */
  delay: number;
  delayMs: number;
}

export const NO_FAULTS: Faults = { loss: 0, delay: 0, delayMs: 0 };

interface Listener {
  readonly pattern: string[];
  readonly queue: string | undefined;
  readonly process: SimProcess;
  readonly handler: (message: Message) => void;
}

/** A message with the header that streams look at. */
export interface SimMessage extends Message {
  readonly messageId?: string | undefined;
}

/** Takes what is published to its subjects, and acks: a stream on a broker. */
export interface Store {
  matches(subject: string): boolean;
  /** Stores the message; what it publishes in consequence leaves the broker in the order given. */
  accept(message: Message): void;
}

export class SimBroker {
  isUp = true;
  isPaused = false;
  readonly stores: Store[] = [];
  private held: (() => void)[] = [];

  constructor(readonly site: string) {}

  /** Runs `work` now, or when the broker goes on. Dropped when it is down. */
  run(work: () => void): void {
    if (!this.isUp) return;
    if (this.isPaused) this.held.push(work);
    else work();
  }

  resume(): void {
    this.isPaused = false;
    const held = this.held;
    this.held = [];
    for (const work of held) this.run(work);
  }

  crash(): void {
    this.isUp = false;
    this.isPaused = false;
    this.held = [];
  }
}

/** Time of one hop without faults, in milliseconds. */
const HOP_MS = 0.2;
/** How soon the others' brokers know that a process is gone, in milliseconds. */
const GONE_MS = 2;

export class SimNetwork {
  faults: Faults = NO_FAULTS;
  readonly brokers = new Map<string, SimBroker>();
  readonly listeners = new Set<Listener>();
  /** Pairs of sites, `a>b`, between which nothing arrives. */
  private readonly cuts = new Set<string>();
  /** Last arrival of each hop: what is sent later arrives later. */
  private readonly hops = new Map<string, number>();
  private inboxes = 0;

  constructor(
    readonly clock: VirtualClock,
    private readonly random: SeededRandom,
  ) {}

  addSite(site: string): SimBroker {
    const broker = new SimBroker(site);
    this.brokers.set(site, broker);
    return broker;
  }

  broker(site: string): SimBroker {
    const broker = this.brokers.get(site);
    if (broker === undefined) throw new TypeError(`no site ${site}`);
    return broker;
  }

  /** Cuts one direction; messages vanish without a word, as on a severed link. */
  cut(from: string, to: string): void {
    this.cuts.add(`${from}>${to}`);
  }

  heal(): void {
    this.cuts.clear();
  }

  newInbox(): string {
    return `_INBOX.${this.inboxes++}`;
  }

  /** Publishes from a process, or from a broker itself. */
  publish(from: SimProcess | SimBroker, message: Message): void {
    const origin = from instanceof SimProcess ? from.broker : from;
    const atOrigin = () => origin.run(() => this.route(origin, message));
    if (from instanceof SimProcess) this.hop(`${from.id}>${origin.site}`, atOrigin);
    else atOrigin();
  }

  private route(origin: SimBroker, message: Message): void {
    const tokens = message.subject.split('.');
    const listening = [...this.listeners].filter(
      listener => listener.process.broker.isUp && matches(listener.pattern, tokens),
    );
    const storing = [...this.brokers.values()].filter(
      broker => broker.isUp && broker.stores.some(store => store.matches(message.subject)),
    );
    const receivers = [...listening.filter(l => l.queue === undefined), ...this.oneOfEachQueue(listening)];
    if (receivers.length === 0 && storing.length === 0) {
      if (message.reply !== undefined)
        this.publish(origin, { subject: message.reply, data: new Uint8Array() });
      return;
    }
    for (const broker of storing)
      this.between(origin, broker, () => {
        for (const store of broker.stores) if (store.matches(message.subject)) store.accept(message);
      });
    for (const listener of receivers) {
      const { process } = listener;
      this.between(origin, process.broker, () =>
        this.hop(`${process.broker.site}>${process.id}`, () => process.receive(listener.handler, message)),
      );
    }
  }

  private oneOfEachQueue(listening: readonly Listener[]): Listener[] {
    const queues = new Map<string, Listener[]>();
    for (const listener of listening)
      if (listener.queue !== undefined)
        queues.set(listener.queue, [...(queues.get(listener.queue) ?? []), listener]);
    return [...queues.values()].map(members => this.random.pick(members));
  }

  private between(a: SimBroker, b: SimBroker, deliver: () => void): void {
    if (a === b) {
      b.run(deliver);
      return;
    }
    if (this.random.chance(this.faults.loss)) return;
    this.hop(`${a.site}>${b.site}`, () => {
      if (!this.cuts.has(`${a.site}>${b.site}`)) b.run(deliver);
    });
  }

  private hop(name: string, arrive: () => void): void {
    const { delay, delayMs } = this.faults;
    const extra = this.random.chance(delay) ? this.random.next() * delayMs : 0;
    const now = this.clock.monotonic();
    const at = Math.max(this.hops.get(name) ?? 0, now + HOP_MS * (0.5 + this.random.next()) + extra);
    this.hops.set(name, at);
    this.clock.after(at - now, arrive);
  }
}

let processes = 0;

/** A process connected to the broker of its site: what a node or a client runs in. */
export class SimProcess {
  readonly id = `p${processes++}`;
  isAlive = true;
  isPaused = false;
  private held: (() => void)[] = [];
  private readonly mine = new Set<Listener>();

  constructor(
    readonly network: SimNetwork,
    readonly broker: SimBroker,
  ) {}

  receive(handler: (message: Message) => void, message: Message): void {
    if (this.broker.isUp) this.run(() => handler(message));
  }

  /** Runs `work` now, or when the process goes on. Dropped when it is dead. */
  run(work: () => void): void {
    if (!this.isAlive) return;
    if (this.isPaused) this.held.push(work);
    else work();
  }

  listen(subject: string, handler: (message: Message) => void, queue?: string): Subscription {
    const listener = { pattern: subject.split('.'), queue, process: this, handler };
    this.mine.add(listener);
    this.network.listeners.add(listener);
    return {
      unsubscribe: () => {
        this.mine.delete(listener);
        this.network.listeners.delete(listener);
      },
    };
  }

  /** Ends without a word. Its subscriptions are gone a moment later. */
  kill(): void {
    this.isAlive = false;
    this.held = [];
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
      const message: SimMessage = { subject, data, reply, messageId };
      network.publish(this.process, message);
    });
  }

  settled(): Promise<void> {
    return Promise.resolve(); // The simulated broker hears of a subscription at once.
  }

  publish(subject: string, data: Uint8Array, options?: { reply?: string }): void {
    if (!this.process.isAlive || !this.process.broker.isUp) return;
    this.process.network.publish(this.process, { subject, data, reply: options?.reply });
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

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  return pattern.length === tokens.length && pattern.every((part, i) => part === '*' || part === tokens[i]);
}
