// Simulated streams on a simulated broker: stored, republished, then acked, in that order, as JetStream does.
import type {
  HeldHints,
  HintEntry,
  HintStream,
  LogLife,
  Message,
  ReplicaLog,
  StreamEntry,
  StreamState,
  Subscription,
} from '../../src/ports.js';
import type { HintPolicy } from '../../src/wire/generated/types.js';
import { subjects } from '../../src/wire/subjects.js';
import type { SimBroker, SimMessage, SimNetwork, SimProcess, Store } from './network.js';

interface Stored {
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly storedAtMs: number;
}

export interface StreamFaults {
  /** Probability that the broker refuses to store a message (a full disk). */
  refuse: () => boolean;
}

/** What is on a broker's disk. Survives the crash of the broker. */
export class SimStream implements Store {
  entries: Stored[] = [];
  lastSequence = 0;
  policy: HintPolicy | undefined;
  /** Sequences of messages stored under an id. */
  private readonly stored = new Map<string, number>();
  private currentLife: LogLife | undefined;
  /** Everything at or below was removed by a purge of the whole stream. */
  private purgedThrough = 0;

  constructor(
    readonly name: string,
    private readonly options: {
      readonly network: SimNetwork;
      readonly broker: SimBroker;
      readonly accepts: (subject: string) => boolean;
      readonly republishTo?: string;
      readonly life?: LogLife;
      readonly faults: StreamFaults;
    },
  ) {}

  get life(): LogLife | undefined {
    return this.currentLife ?? this.options.life;
  }

  renew(life: LogLife): void {
    this.currentLife = life;
  }

  matches(subject: string): boolean {
    return this.options.accepts(subject);
  }

  accept(message: Message): void {
    const { network, broker, republishTo, faults } = this.options;
    const answer = (body: object) => {
      if (message.reply !== undefined)
        network.publish(broker, { subject: message.reply, data: Buffer.from(JSON.stringify(body)) });
    };
    if (faults.refuse()) {
      const error = { code: 503, err_code: 10077, description: 'maximum bytes exceeded' };
      answer({ error, stream: this.name, seq: 0 });
      return;
    }
    const { messageId } = message as SimMessage;
    const known = messageId === undefined ? undefined : this.stored.get(messageId);
    if (known !== undefined) {
      answer({ stream: this.name, seq: known, duplicate: true });
      return;
    }
    const sequence = ++this.lastSequence;
    if (messageId !== undefined) this.stored.set(messageId, sequence);
    this.entries.push({
      sequence,
      subject: message.subject,
      data: message.data,
      storedAtMs: network.clock.now(),
    });
    if (republishTo !== undefined)
      network.publish(broker, { subject: republishTo, data: message.data, reply: String(sequence) });
    answer({ stream: this.name, seq: sequence });
  }

  state(): StreamState {
    const firstSequence = this.entries[0]?.sequence ?? this.lastSequence + 1;
    return {
      firstSequence,
      lastSequence: this.lastSequence,
      entries: this.entries.length,
      bytes: this.entries.reduce((sum, entry) => sum + entry.data.length, 0),
      missing: this.lastSequence - firstSequence + 1 - this.entries.length,
    };
  }

  found(
    from: number,
    to: number,
    { subject, limit = Number.POSITIVE_INFINITY }: { subject?: string; limit?: number },
  ): Stored[] {
    const inRange = this.entries.filter(
      entry =>
        entry.sequence >= from &&
        entry.sequence <= to &&
        (subject === undefined || entry.subject === subject),
    );
    return inRange.slice(0, limit);
  }

  purge(through: number, subject?: string): void {
    this.entries = this.entries.filter(
      entry => entry.sequence > through || (subject !== undefined && entry.subject !== subject),
    );
    if (subject === undefined) this.purgedThrough = Math.max(this.purgedThrough, through);
  }

  /** The broker lost its un-synced tail. */
  loseTail(count: number): void {
    this.entries = this.entries.slice(0, Math.max(0, this.entries.length - count));
    this.lastSequence = this.entries.at(-1)?.sequence ?? this.purgedThrough;
    for (const [id, sequence] of this.stored) if (sequence > this.lastSequence) this.stored.delete(id);
  }
}

class SimLogStream {
  constructor(
    protected readonly process: SimProcess,
    protected readonly disk: SimDisk,
    private readonly find: () => SimStream | undefined,
  ) {}

  state(): Promise<StreamState> {
    return this.call(stream => stream.state());
  }

  read(
    from: number,
    to: number,
    onEntry: (entry: StreamEntry) => void,
    options: { subject?: string; limit?: number } = {},
  ): Promise<void> {
    return this.call(stream => {
      for (const { sequence, data } of stream.found(from, to, options)) onEntry({ sequence, data });
    });
  }

  purge(through: number, subject?: string): Promise<void> {
    return this.call(stream => stream.purge(through, subject));
  }

  protected call<T>(work: (stream: SimStream) => T): Promise<T> {
    const { network } = this.process;
    const { broker } = this.disk;
    return new Promise((resolve, reject) => {
      network.clock.after(network.apiMs() + broker.slowMs, () => {
        const stream = this.find();
        const isAnswering = broker.isUp && !broker.isPaused && this.process.canReceive;
        if (!this.process.isAlive || !isAnswering) reject(new Error(`no answer from ${this.disk.node}`));
        else if (stream === undefined) reject(new Error('stream not found'));
        else resolve(work(stream));
      });
    });
  }
}

export class SimReplicaLog extends SimLogStream implements ReplicaLog {
  constructor(process: SimProcess, disk: SimDisk) {
    super(process, disk, () => disk.log);
  }

  async life(): Promise<LogLife | undefined> {
    if (!this.disk.broker.isUp || !this.process.canReceive) throw new Error('no answer');
    return this.disk.log?.life;
  }

  async create(life: LogLife): Promise<void> {
    this.disk.createLog(life);
  }

  renew(life: LogLife): Promise<void> {
    return this.call(stream => stream.renew(life));
  }

  async follow(onEntry: (entry: StreamEntry) => void): Promise<Subscription> {
    // The sequence travels where NATS has a header.
    return this.process.listen(subjects.applied(this.disk.node), message =>
      onEntry({ sequence: Number(message.reply), data: message.data }),
    );
  }

  async isLocal(): Promise<boolean> {
    return true;
  }
}

export class SimHintStream extends SimLogStream implements HintStream {
  constructor(process: SimProcess, disk: SimDisk) {
    super(process, disk, () => disk.hints);
  }

  held(): Promise<HeldHints> {
    return this.call(stream => {
      const entries = new Map<string, number>();
      for (const { subject } of stream.entries) {
        const target = targetOf(subject);
        entries.set(target, (entries.get(target) ?? 0) + 1);
      }
      const { firstSequence, lastSequence } = stream.state();
      return { firstSequence, lastSequence, entries, policy: stream.policy };
    });
  }

  hints(
    from: number,
    to: number,
    onHint: (hint: HintEntry) => void,
    options: { subject?: string; limit?: number } = {},
  ): Promise<void> {
    return this.call(stream => {
      for (const { sequence, data, subject, storedAtMs } of stream.found(from, to, options))
        onHint({ sequence, data, storedAtMs, target: targetOf(subject) });
    });
  }

  keep(policy: HintPolicy): Promise<void> {
    return this.call(stream => {
      stream.policy = policy;
    });
  }
}

function targetOf(subject: string): string {
  return subject.split('.').at(-1) ?? '';
}

/** The streams of one node's log broker. */
export class SimDisk {
  log: SimStream | undefined;
  hints: SimStream;
  /** Whether the disk is full. */
  refuse = () => false;
  /** Whether the stream of hints takes no more, though the disk has room. */
  refuseHints = () => false;

  constructor(
    readonly node: string,
    private readonly network: SimNetwork,
    readonly broker: SimBroker,
  ) {
    this.hints = this.makeHints();
    this.attach();
  }

  createLog(life: LogLife): void {
    const subject = subjects.log(this.node);
    this.log = new SimStream(`LOG_${this.node}`, {
      network: this.network,
      broker: this.broker,
      accepts: candidate => candidate === subject,
      republishTo: subjects.applied(this.node),
      life,
      faults: { refuse: () => this.refuse() },
    });
    this.attach();
  }

  /** The data directory is deleted. */
  wipe(): void {
    this.log = undefined;
    this.hints = this.makeHints();
    this.attach();
  }

  private makeHints(): SimStream {
    const prefix = `dynats.hints.${this.node}.`;
    return new SimStream(`HINTS_${this.node}`, {
      network: this.network,
      broker: this.broker,
      accepts: subject => subject.startsWith(prefix),
      faults: { refuse: () => this.refuse() || this.refuseHints() },
    });
  }

  private attach(): void {
    this.broker.stores = this.log === undefined ? [this.hints] : [this.hints, this.log];
  }
}
