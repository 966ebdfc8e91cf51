// Requests over one inbox. Their time is counted in sweeps of one timer, not read off a clock: while this process stalls,
// replies wait unread in its sockets, and must not be taken for late; a stall of any length is one sweep.
import {
  createInbox,
  type MsgHdrs,
  type NatsConnection,
  type PermissionViolationError,
  type Subscription,
} from '@nats-io/nats-core';
import { BusError, type Message } from '../ports.js';

/** A request may fail up to two of these late, in milliseconds. */
const SWEEP_MS = 20;

interface Pending {
  readonly subject: string;
  /** Sweeps until it is late. */
  sweeps: number;
  resolve(message: Message): void;
  reject(error: BusError): void;
}

export class Requests {
  private readonly prefix: string;
  private readonly pending = new Map<string, Pending>();
  private counter = 0;
  private subscription: Subscription | undefined;
  /** Why no answer can be heard, when this user may not listen to its inbox. */
  private deafness: PermissionViolationError | undefined;
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: NatsConnection,
    inboxPrefix: string | undefined,
  ) {
    this.prefix = `${createInbox(inboxPrefix)}.`;
  }

  /** @throws BusError */
  send(subject: string, data: Uint8Array, timeoutMs: number, headers?: MsgHdrs): Promise<Message> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(new BusError('closed', subject));
        return;
      }
      this.subscription ??= this.listen();
      if (this.deafness !== undefined) {
        reject(new BusError('forbidden', subject, { cause: this.deafness }));
        return;
      }
      const reply = `${this.prefix}${(this.counter++).toString(36)}`;
      try {
        this.connection.publish(subject, data, headers === undefined ? { reply } : { reply, headers });
      } catch (cause) {
        reject(new BusError('closed', subject, { cause }));
        return;
      }
      this.pending.set(reply, { subject, sweeps: Math.ceil(timeoutMs / SWEEP_MS) + 1, resolve, reject });
      this.timer ??= setTimeout(() => this.sweep(), SWEEP_MS);
    });
  }

  /** Fails all that is under way: the connection is lost, and no reply will come. */
  failAll(): void {
    const lost = [...this.pending.values()];
    this.pending.clear();
    for (const { subject, reject } of lost) reject(new BusError('closed', subject));
  }

  /** Fails all that is under way, and listens no more. */
  close(): void {
    this.isClosed = true;
    this.subscription?.unsubscribe();
    this.failAll();
  }

  /** The broker has refused something of this connection: maybe the inbox, maybe what is under way. */
  refused(violation: PermissionViolationError): void {
    const isInbox = violation.operation === 'subscription' && violation.subject === `${this.prefix}*`;
    if (isInbox) this.deafness = violation;
    for (const [reply, { subject, reject }] of this.pending) {
      if (!isInbox && (violation.operation !== 'publish' || violation.subject !== subject)) continue;
      this.pending.delete(reply);
      reject(new BusError('forbidden', subject, { cause: violation }));
    }
  }

  private listen(): Subscription {
    return this.connection.subscribe(`${this.prefix}*`, {
      callback: (error, { subject, data, headers }) => {
        const pending = this.pending.get(subject);
        if (error !== null || pending === undefined) return;
        this.pending.delete(subject);
        if (data.length === 0 && headers?.code === 503)
          pending.reject(new BusError('no-responders', pending.subject));
        else pending.resolve({ subject, data });
      },
    });
  }

  private sweep(): void {
    for (const [reply, pending] of this.pending) {
      if (--pending.sweeps > 0) continue;
      this.pending.delete(reply);
      pending.reject(new BusError('timeout', pending.subject));
    }
    this.timer = this.pending.size === 0 ? undefined : setTimeout(() => this.sweep(), SWEEP_MS);
  }
}
