// The simulated bus: sites, each with a broker and the processes connected to it. Messages travel hop by hop (process to
// broker, broker to broker, broker to process), in order on each hop, as over TCP; links lose and delay what is on them.
import type { Message } from '../../src/ports.js';
import { SimProcess } from './process.js';
import type { SeededRandom } from './random.js';
import { type Listener, Routes } from './routes.js';
import type { VirtualClock } from './virtual-clock.js';

export { SimBus, SimProcess } from './process.js';

export interface Faults {
  /** Probability that a message between two brokers is lost. */
  readonly loss: number;
  /** Probability that a hop takes up to `delayMs` more. */
  readonly delay: number;
  readonly delayMs: number;
  /** Probability that a message between two brokers arrives twice. */
  readonly duplication?: number;
  /** Probability that a message between two brokers is overtaken by those behind it. */
  readonly reordering?: number;
}

export const NO_FAULTS: Faults = { loss: 0, delay: 0, delayMs: 0 };

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
  /** Every message to or from here takes up to so much more, in milliseconds. */
  slowMs = 0;
  private streams: readonly Store[] = [];
  private held: (() => void)[] = [];

  constructor(
    readonly site: string,
    private readonly onStores: () => void,
  ) {}

  get stores(): readonly Store[] {
    return this.streams;
  }

  set stores(stores: readonly Store[]) {
    this.streams = stores;
    this.onStores();
  }

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
/** Time of one call to the JetStream API, at least and at most, in milliseconds: longer than a message takes. */
const API_MS = { least: 0.3, most: 3 };
/** How long a message that is overtaken, or a second copy, may stay behind, in milliseconds. */
const BEHIND_MS = 150;
/**
 * A heartbeat says that what was sent before it has come, and a log's entries come in its order: both go by the bus's promise
 * to keep the order between two parties (`Bus` in ports.ts). Everything else must bear to be overtaken.
 */
const IN_ORDER = /^dynats\.(?:presence|applied)\./;
/** What a client asks, and every answer, comes once: NATS delivers at most once. Logs are written to again by retries. */
const MAY_COME_TWICE = /^dynats\.(?:log|hints|replica)\./;

const LOG = /^dynats\.log\./;

export class SimNetwork {
  faults: Faults = NO_FAULTS;
  /** Some writes come very late: probability, and how late at most, in milliseconds. */
  stragglers = { chance: 0, ms: 0 };
  readonly brokers = new Map<string, SimBroker>();
  readonly listeners = new Routes();
  /** Pairs of sites, `a>b`, between which nothing arrives, and how many faults see to that. */
  private cuts = new Map<string, number>();
  /** Last arrival of each hop: what is sent later arrives later. */
  private readonly hops = new Map<string, number>();
  /** Brokers with a stream for the subject, so far as it was asked. */
  private storing = new Map<string, readonly SimBroker[]>();
  private inboxes = 0;

  constructor(
    readonly clock: VirtualClock,
    private readonly random: SeededRandom,
  ) {}

  addSite(site: string): SimBroker {
    const broker = new SimBroker(site, () => this.storing.clear());
    this.brokers.set(site, broker);
    return broker;
  }

  broker(site: string): SimBroker {
    const broker = this.brokers.get(site);
    if (broker === undefined) throw new TypeError(`no site ${site}`);
    return broker;
  }

  /** Cuts one direction; messages vanish without a word, as on a severed link. @returns what mends it. */
  cut(from: string, to: string): () => void {
    const { cuts } = this;
    const pair = `${from}>${to}`;
    cuts.set(pair, (cuts.get(pair) ?? 0) + 1);
    return () => cuts.set(pair, (cuts.get(pair) ?? 0) - 1);
  }

  heal(): void {
    this.cuts = new Map();
  }

  /** How long a call to the JetStream API takes now, in milliseconds. */
  apiMs(): number {
    return API_MS.least + this.random.next() * (API_MS.most - API_MS.least);
  }

  newInbox(): string {
    return `_INBOX.${this.inboxes++}`;
  }

  /** Publishes from a process, or from a broker itself. */
  publish(from: SimProcess | SimBroker, message: Message): void {
    const origin = from instanceof SimProcess ? from.broker : from;
    const atOrigin = () => origin.run(() => this.route(origin, message));
    if (from instanceof SimProcess) this.hop(`${from.id}>${origin.site}`, this.arrival(), atOrigin);
    else atOrigin();
  }

  private route(origin: SimBroker, message: Message): void {
    const listening = this.listeners.of(message.subject).filter(({ process }) => process.canReceive);
    const storing = this.storesOf(message.subject).filter(broker => broker.isUp);
    if (listening.length === 0 && storing.length === 0) {
      if (message.reply !== undefined)
        this.publish(origin, { subject: message.reply, data: new Uint8Array() });
      return;
    }
    for (const broker of storing)
      this.between(origin, broker, message.subject, () => {
        for (const store of broker.stores) if (store.matches(message.subject)) store.accept(message);
      });
    const receivers = listening.some(({ queue }) => queue !== undefined)
      ? [...listening.filter(({ queue }) => queue === undefined), ...this.oneOfEachQueue(listening)]
      : listening;
    for (const listener of receivers) {
      const { process } = listener;
      this.between(origin, process.broker, message.subject, () =>
        this.hop(`${process.broker.site}>${process.id}`, this.arrival(), () =>
          process.receive(listener.handler, message),
        ),
      );
    }
  }

  private storesOf(subject: string): readonly SimBroker[] {
    if (subject.startsWith('_INBOX')) return [];
    const known = this.storing.get(subject);
    if (known !== undefined) return known;
    const found = [...this.brokers.values()].filter(({ stores }) =>
      stores.some(store => store.matches(subject)),
    );
    this.storing.set(subject, found);
    return found;
  }

  private oneOfEachQueue(listening: readonly Listener[]): Listener[] {
    const queues = new Map<string, Listener[]>();
    for (const listener of listening)
      if (listener.queue !== undefined)
        queues.set(listener.queue, [...(queues.get(listener.queue) ?? []), listener]);
    return [...queues.values()].map(members => this.random.pick(members));
  }

  private between(a: SimBroker, b: SimBroker, subject: string, deliver: () => void): void {
    if (a === b) {
      b.run(deliver);
      return;
    }
    const { loss, duplication = 0, reordering = 0 } = this.faults;
    if (this.random.chance(loss)) return;
    const arrive = () => {
      if (!((this.cuts.get(`${a.site}>${b.site}`) ?? 0) > 0)) b.run(deliver);
    };
    if (this.random.chance(this.stragglers.chance) && LOG.test(subject)) {
      this.clock.after(this.random.next() * this.stragglers.ms, arrive);
      return;
    }
    const slow = a.slowMs + b.slowMs > 0 ? this.random.next() * (a.slowMs + b.slowMs) : 0;
    if (duplication > 0 && MAY_COME_TWICE.test(subject) && this.random.chance(duplication))
      this.clock.after(this.arrival() + slow + this.random.next() * BEHIND_MS, arrive);
    if (reordering > 0 && !IN_ORDER.test(subject) && this.random.chance(reordering))
      this.clock.after(this.arrival() + slow + this.random.next() * BEHIND_MS, arrive);
    else this.hop(`${a.site}>${b.site}`, this.arrival() + slow, arrive);
  }

  /** How long one hop takes now, in milliseconds. */
  private arrival(): number {
    const { delay, delayMs } = this.faults;
    const extra = this.random.chance(delay) ? this.random.next() * delayMs : 0;
    return HOP_MS * (0.5 + this.random.next()) + extra;
  }

  private hop(name: string, ms: number, arrive: () => void): void {
    const now = this.clock.monotonic();
    const at = Math.max(this.hops.get(name) ?? 0, now + ms);
    this.hops.set(name, at);
    this.clock.after(at - now, arrive);
  }
}
