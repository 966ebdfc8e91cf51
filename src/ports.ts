// What the protocol needs of the world. NATS implements these (src/nats); so does the simulator. Their docs are the
// contract both keep.
import type { HintPolicy, Recovering } from './wire/generated/types.js';

export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Where an answer is expected; undefined when none is. */
  readonly reply?: string | undefined;
  /** A header's value; there only where a subscription asked for headers. */
  readonly header?: (name: string) => string | undefined;
}

export interface Subscription {
  unsubscribe(): void;
}

/** A request that got no answer. */
export class BusError extends Error {
  override name = 'BusError';
  /**
   * @param kind `no-responders`: nobody listens there, the message reached nobody. `timeout`: no answer in time; it may
   * have been delivered, and may yet be. `closed`: this side is closed or cut off; it may have been delivered. `forbidden`:
   * the broker lets this user not send it, or not hear the answer; `cause` says which.
   */
  constructor(
    readonly kind: 'no-responders' | 'timeout' | 'closed' | 'forbidden',
    readonly subject: string,
    options?: ErrorOptions,
  ) {
    super(`${subject}: ${kind}`, options);
  }
}

/** The message bus. Between two parties, messages arrive in the order sent, at most once, or not at all. */
export interface Bus {
  /** Largest message it takes, in bytes. */
  readonly maxPayload: number;
  /** @throws BusError */
  request(
    subject: string,
    data: Uint8Array,
    timeoutMs: number,
    options?: {
      /** A stream that has stored a message under this id lately acks it, and does not store it again. */
      messageId?: string;
      headers?: Readonly<Record<string, string>> | undefined;
    },
  ): Promise<Message>;
  publish(
    subject: string,
    data: Uint8Array,
    options?: { reply?: string; headers?: Record<string, string> },
  ): void;
  /**
   * Calls `handler` for each message, in order. Subscribers with one `queue` share the messages among them. Messages have
   * `header` only with `hasHeaders`.
   */
  subscribe(
    subject: string,
    handler: (message: Message) => void,
    options?: { queue?: string; hasHeaders?: boolean },
  ): Subscription;
  /** Resolves when the broker knows of every subscription made so far. */
  settled(): Promise<void>;
  /** Calls `gone` when nobody listens on `subject`; costs the listener no answer. */
  probe(subject: string, gone: () => void): void;
}

export interface StreamState {
  /** First and last sequence; last = first - 1 when empty. Sequences are never used twice in one life of a log. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly entries: number;
  readonly bytes: number;
  /** Sequences between first and last that are gone: a hole, unless somebody deleted them. */
  readonly missing: number;
}

export interface StreamEntry {
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** One stream of a log broker, as the one who folds and trims it sees it. */
export interface LogStream {
  state(): Promise<StreamState>;
  /**
   * Entries from `from` to `to` inclusive, in order, those that exist; of one subject and no more than `limit` if given.
   * Rejects when the broker is lost on the way.
   */
  read(
    from: number,
    to: number,
    onEntry: (entry: StreamEntry) => void,
    options?: { subject?: string; limit?: number },
  ): Promise<void>;
  /** Removes all entries up to `through`, inclusive; of one subject if given. */
  purge(through: number, subject?: string): Promise<void>;
}

/** One life of a log. */
export interface LogLife {
  /** Names this life: a log that is lost and begun anew has another. */
  readonly id: string;
  /** Why the log was begun as one that cannot be trusted to hold everything, or null. */
  readonly recovering: Recovering | null;
  /** Earlier lives, the newest last, that had lost entries and were made whole since. */
  readonly former?: readonly string[];
}

/** A replica's own log: beside reading it, following it. */
export interface ReplicaLog extends LogStream {
  /** Undefined when the stream does not exist. Puts back what somebody changed of how it keeps entries. */
  life(): Promise<LogLife | undefined>;
  create(life: LogLife): Promise<void>;
  /** Gives the log, as it is, a new life. */
  renew(life: LogLife): Promise<void>;
  /**
   * Calls `onEntry` for every entry stored after this resolved, in order of sequence, before its writer gets the ack
   * (on the broker that hosts the log). A jump in the sequence means entries were missed.
   */
  follow(onEntry: (entry: StreamEntry) => void): Promise<Subscription>;
  /** Whether the process is connected to the broker that hosts the log, so that what is acked is also followed. */
  isLocal(): Promise<boolean>;
}

/** What the logs of all nodes store, as their brokers tell it. */
export interface AppliedFeed {
  /**
   * Calls `onEntry` for the entries that any node's log stores after this resolved, each log's in order of sequence. Some
   * may be missing, after a lost connection for one: then the sequence jumps, or a node's heartbeat names a later one.
   */
  follow(onEntry: (node: string, entry: StreamEntry) => void): Promise<Subscription>;
}

export interface HintEntry extends StreamEntry {
  readonly target: string;
  /** When the stream stored it, in milliseconds since 1970. */
  readonly storedAtMs: number;
}

export interface HeldHints {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Entries held for each target. */
  readonly entries: ReadonlyMap<string, number>;
  /** What the holder last kept with `keep`. */
  readonly policy: HintPolicy | undefined;
}

/** The hints that one node holds. */
export interface HintStream extends LogStream {
  /** Makes this node's own stream anew when it is gone. Rejects when the holder's broker cannot be reached. */
  held(): Promise<HeldHints>;
  /** As `read`, with what a hint has besides. */
  hints(
    from: number,
    to: number,
    onHint: (hint: HintEntry) => void,
    options?: { subject?: string; limit?: number },
  ): Promise<void>;
  /** Stores the policy with the stream, which from now on may drop hints by itself well after the policy's window. */
  keep(policy: HintPolicy): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970; may jump. */
  now(): number;
  /** Milliseconds since some start; never jumps. */
  monotonic(): number;
  /** Runs `task` once after `delayMs`; 0: when what has arrived by now is done with. Does not keep the process alive. */
  after(delayMs: number, task: () => void): Timer;
}

export interface Random {
  /** 0 <= x < 1. */
  next(): number;
  /** `length` characters of a-z and 0-9. */
  token(length: number): string;
}

/** Structured log lines of a running node. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a span tells: names as OpenTelemetry has them. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** One timed step of a request, for whoever traces it. */
export interface Span {
  /** False when the trace was not chosen to be kept: what is told of it is lost. */
  readonly isRecording: boolean;
  /** As the W3C has it: tells the next process which step it belongs to. */
  readonly traceparent: string;
  child(name: string, role: 'internal' | 'client', attributes: Attributes): Span;
  set(attributes: Attributes): void;
  /** Once. @param failure what kind of failure it ended in, if it did. */
  end(failure?: string): void;
}

export interface Tracer {
  /**
   * Begins a span: a client's below what the caller is just doing, a server's below the step that `traceparent` names, or
   * on its own without a sound one.
   */
  begin(name: string, role: 'client' | 'server', attributes: Attributes, traceparent?: string): Span;
}
