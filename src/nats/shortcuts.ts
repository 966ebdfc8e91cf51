// Shortcuts: connections to the nodes' log brokers, beside the one to the bus. What goes to a node's log, hints or replica
// that way passes two servers fewer in each direction. The subjects, and what they mean, are the same; a node without a
// shortcut, or whose shortcut broke, is asked over the bus.
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { BusError, type Message } from '../ports.js';
import type { BrokerAddress } from '../wire/generated/types.js';
import { subjects } from '../wire/subjects.js';
import { openConnection } from './connection.js';
import { Requests } from './requests.js';
import { withoutSecrets } from './settings.js';

export interface ShortcutOptions {
  /** Connects to one server, without reconnecting when the connection is lost. */
  readonly open: (url: string) => Promise<NatsConnection>;
  readonly inboxPrefix?: string | undefined;
  /** Default: the process's own, in milliseconds. */
  readonly monotonic?: () => number;
}

/** Between two attempts to open one, in milliseconds. */
const RETRY_MS = 2000;
const OPEN_TIMEOUT_MS = 2000;

/** Shortcuts that connect as `nats` says. @param name shown by the broker for these connections. */
export function shortcutsOverNats(name: string, nats: NodeConnectionOptions = {}): Shortcuts {
  const own = { reconnect: false, ignoreClusterUpdates: true };
  return new Shortcuts({
    inboxPrefix: nats.inboxPrefix,
    open: url =>
      openConnection({ servers: [url], name, timeoutMs: OPEN_TIMEOUT_MS, nats: { ...nats, ...own } }),
  });
}

/**
 * Whether a connection with these options sends secrets. It is not to be repeated unasked to a server that a heartbeat
 * names: who can publish heartbeats would have them sent to a server of his own.
 */
export function hasCredentials(servers: readonly string[], nats: NodeConnectionOptions = {}): boolean {
  const { user, pass, token, authenticator } = nats;
  return (
    [user, pass, token, authenticator].some(each => each !== undefined) ||
    servers.some(url => withoutSecrets(url) !== url)
  );
}

export class Shortcuts {
  private readonly byNode = new Map<string, Shortcut>();
  /** The same, by the subjects they lead to. */
  private readonly bySubject = new Map<string, Shortcut>();
  private isClosed = false;

  constructor(private readonly options: ShortcutOptions) {}

  /** A node has said where its log broker listens, or that it does not say. */
  heard(node: string, address: BrokerAddress | undefined): void {
    const known = this.byNode.get(node);
    if (known?.address.url === address?.url && known?.address.server === address?.server) return;
    known?.close();
    this.byNode.delete(node);
    if (address !== undefined && !this.isClosed) this.byNode.set(node, new Shortcut(address, this.options));
    const shortcut = this.byNode.get(node);
    for (const subject of [
      subjects.log(node),
      subjects.read(node),
      subjects.scan(node),
      subjects.allHints(node),
    ])
      if (shortcut === undefined) this.bySubject.delete(subject);
      else this.bySubject.set(subject, shortcut);
  }

  /** The shortcut to where `subject` is listened to, if there is one now. */
  to(subject: string): Shortcut | undefined {
    const shortcut = this.bySubject.get(subject) ?? this.bySubject.get(allBeside(subject));
    return shortcut?.isOpen() === true ? shortcut : undefined;
  }

  close(): void {
    this.isClosed = true;
    for (const shortcut of this.byNode.values()) shortcut.close();
    this.byNode.clear();
    this.bySubject.clear();
  }
}

/** The wildcard for `subject` and those that differ from it in the last token. */
function allBeside(subject: string): string {
  return `${subject.slice(0, subject.lastIndexOf('.') + 1)}*`;
}

/** The connection to one log broker, opened when first wanted. */
export class Shortcut {
  private connection: NatsConnection | undefined;
  private requests: Requests | undefined;
  private isOpening = false;
  /** Nothing else is sent until the server has answered a ping: what it was sent before may wait unread. */
  private isDoubtful = false;
  private isOver = false;
  private triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly address: BrokerAddress,
    private readonly options: ShortcutOptions,
  ) {}

  /** Whether it can be taken now; if not, it may be opened for later. */
  isOpen(): boolean {
    if (this.requests !== undefined) return !this.isDoubtful;
    void this.open();
    return false;
  }

  /** @throws BusError; `closed` when the connection broke: the bus may tell why. */
  async request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Message> {
    if (this.requests === undefined) throw new BusError('closed', subject);
    try {
      return await this.requests.send(subject, data, timeoutMs);
    } catch (error) {
      if (error instanceof BusError && error.kind === 'timeout') void this.doubt();
      throw error;
    }
  }

  close(): void {
    this.isOver = true;
    void this.connection?.close();
  }

  private async open(): Promise<void> {
    const { open, inboxPrefix, monotonic = () => performance.now() } = this.options;
    if (this.isOver || this.isOpening || monotonic() - this.triedAtMs < RETRY_MS) return;
    this.isOpening = true;
    this.triedAtMs = monotonic();
    try {
      const connection = await open(this.address.url);
      // An address may mean another server here than where it was given: 127.0.0.1 does on another machine.
      if (this.isOver || connection.info?.server_id !== this.address.server) {
        this.isOver = true;
        await connection.close();
        return;
      }
      this.connection = connection;
      this.requests = new Requests(connection, inboxPrefix);
      void connection.closed().then(() => this.broke());
    } catch {
      // Not reachable from here, or not any more: the bus is.
    } finally {
      this.isOpening = false;
    }
  }

  private broke(): void {
    const { requests } = this;
    this.requests = undefined;
    this.connection = undefined;
    requests?.failAll();
  }

  private async doubt(): Promise<void> {
    if (this.isDoubtful) return;
    this.isDoubtful = true;
    // Rejects when the connection is lost, which ends it in any case.
    await this.connection?.flush().catch(() => undefined);
    this.isDoubtful = false;
  }
}
