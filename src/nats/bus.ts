// The Bus port over core NATS.
import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  type Subscription as NatsSubscription,
  headers as natsHeaders,
  type QueuedIterator,
  type Status,
} from '@nats-io/nats-core';
import { type Bus, BusError, type Message, type Subscription } from '../ports.js';
import type { BrokerAddress } from '../wire/generated/types.js';
import { Requests } from './requests.js';
import type { Shortcuts } from './shortcuts.js';

/** What the broker may put around a message; a record must leave room for it. */
const HEADROOM_BYTES = 4096;

export class NatsBus implements Bus {
  private isConnected = true;
  private readonly requests: Requests;
  private readonly probes: Probes;
  private readonly reconnectListeners: (() => void)[] = [];
  private readonly disconnectListeners: (() => void)[] = [];
  private readonly subscriptions = new Set<Subscription>();
  private readonly statuses: QueuedIterator<Status>;
  /** Whether the connection is somebody else's, and stays open. */
  private isGuest = false;

  constructor(
    readonly connection: NatsConnection,
    inboxPrefix?: string,
    private readonly shortcuts?: Shortcuts,
  ) {
    this.requests = new Requests(connection, inboxPrefix);
    this.probes = new Probes(connection, inboxPrefix);
    // What it is, whatever its declaration says.
    this.statuses = connection.status() as QueuedIterator<Status>;
    void this.watch();
  }

  /** On a connection that is somebody else's. */
  static on(connection: NatsConnection, inboxPrefix?: string): NatsBus {
    const bus = new NatsBus(connection, inboxPrefix);
    bus.isGuest = true;
    return bus;
  }

  get maxPayload(): number {
    return (this.connection.info?.max_payload ?? 1024 * 1024) - HEADROOM_BYTES;
  }

  get isOpen(): boolean {
    return this.isConnected && !this.connection.isClosed();
  }

  /** Called each time the connection is back; subscriptions are already restored. */
  onReconnect(listener: () => void): void {
    this.reconnectListeners.push(listener);
  }

  onDisconnect(listener: () => void): void {
    this.disconnectListeners.push(listener);
  }

  /** A node has said where its log broker listens. */
  heardBroker(node: string, address: BrokerAddress | undefined): void {
    this.shortcuts?.heard(node, address);
  }

  async close(): Promise<void> {
    this.shortcuts?.close();
    if (this.isGuest) this.leave();
    else await this.connection.close();
  }

  settled(): Promise<void> {
    return this.connection.flush();
  }

  async request(
    subject: string,
    data: Uint8Array,
    timeoutMs: number,
    {
      messageId,
      headers: own,
    }: { messageId?: string; headers?: Readonly<Record<string, string>> | undefined } = {},
  ): Promise<Message> {
    const shortcut = this.shortcuts?.to(subject);
    if (shortcut !== undefined && messageId === undefined) return shortcut.request(subject, data, timeoutMs);
    if (!this.isConnected) throw new BusError('closed', subject);
    if (messageId === undefined && own === undefined) return this.requests.send(subject, data, timeoutMs);
    const headers = headersOf({ ...(messageId === undefined ? {} : { 'Nats-Msg-Id': messageId }), ...own });
    return this.requests.send(subject, data, timeoutMs, headers);
  }

  publish(
    subject: string,
    data: Uint8Array,
    options?: { reply?: string; headers?: Record<string, string> },
  ): void {
    // What is published while disconnected is dropped by the NATS client in silence; here it is dropped knowingly.
    if (!this.isConnected || this.connection.isClosed() || this.connection.isDraining()) return;
    const headers = options?.headers;
    this.connection.publish(subject, data, {
      ...(options?.reply === undefined ? {} : { reply: options.reply }),
      ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    });
  }

  subscribe(
    subject: string,
    handler: (message: Message) => void,
    options?: { queue?: string; hasHeaders?: boolean },
  ): Subscription {
    const subscription = this.connection.subscribe(subject, {
      ...(options?.queue === undefined ? {} : { queue: options.queue }),
      callback: (error, message: Msg) => {
        if (error !== null) return;
        const { subject: on, data, reply: to } = message;
        // The NATS client has '' for none, whatever its types say.
        const reply = to === '' ? undefined : to;
        if (options?.hasHeaders !== true) handler({ subject: on, data, reply });
        else handler({ subject: on, data, reply, header: name => message.headers?.get(name) || undefined });
      },
    });
    this.subscriptions.add(subscription);
    return {
      unsubscribe: () => {
        this.subscriptions.delete(subscription);
        subscription.unsubscribe();
      },
    };
  }

  probe(subject: string, gone: () => void): void {
    if (this.isConnected && !this.connection.isClosed()) this.probes.send(subject, gone);
  }

  /** Leaves the connection as it was before. */
  private leave(): void {
    this.statuses.stop();
    this.requests.close();
    this.probes.close();
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.subscriptions.clear();
  }

  private async watch(): Promise<void> {
    for await (const status of this.statuses) {
      const { type } = status;
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        this.requests.refused(status.error);
      else if (type === 'disconnect') {
        this.isConnected = false;
        this.requests.failAll();
        for (const listener of this.disconnectListeners) listener();
      } else if (type === 'reconnect') {
        this.isConnected = true;
        for (const listener of this.reconnectListeners) listener();
      }
    }
    this.isConnected = false;
    this.requests.failAll();
  }
}

/** Publishes with an inbox of its own, to which nobody but the broker answers: "no responders". */
class Probes {
  private readonly inbox: string;
  private readonly bySubject = new Map<string, { reply: string; gone: () => void }>();
  private readonly byReply = new Map<string, () => void>();
  private subscription: NatsSubscription | undefined;

  constructor(
    private readonly connection: NatsConnection,
    inboxPrefix: string | undefined,
  ) {
    this.inbox = createInbox(inboxPrefix);
  }

  close(): void {
    this.subscription?.unsubscribe();
  }

  send(subject: string, gone: () => void): void {
    this.subscription ??= this.listen();
    let probe = this.bySubject.get(subject);
    if (probe === undefined) {
      probe = { reply: `${this.inbox}.${this.bySubject.size}`, gone };
      this.bySubject.set(subject, probe);
    }
    this.byReply.set(probe.reply, gone);
    this.connection.publish(subject, undefined, { reply: probe.reply });
  }

  private listen(): NatsSubscription {
    return this.connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null && message.headers?.code === 503) this.byReply.get(message.subject)?.();
      },
    });
  }
}

function headersOf(values: Record<string, string>) {
  const headers = natsHeaders();
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
  return headers;
}
