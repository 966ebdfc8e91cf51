// How the page knows what it shows: by its own connection to a broker, or told by the server that it came from. It takes the
// first where it can, falls back to the other, and tries again.
import { Feed, type Message } from '../dist/src/cli/dashboard/feed.js';
import type { Inspector } from '../dist/src/cli/dashboard/inspector.js';
import { keyView } from '../dist/src/cli/dashboard/key-view.js';
import { ringView } from '../dist/src/cli/dashboard/ring-view.js';
import type { Access, Hello, KeyView, RingView, TimelineEvent } from '../dist/src/cli/dashboard/view.js';
import { ringIn } from '../dist/src/cli/ring-in.js';
import type { PageAccess } from '../dist/src/emulator/page-access.js';
import type { EmulatorReport } from '../dist/src/emulator/report.js';
import { openBroker } from './broker.js';
import { askAccess, askKey, askRing } from './server.js';

/** How often a page that is relayed tries the brokers again, in milliseconds. */
const RETRY_MS = 30_000;
/** How long a page that no broker answers goes on before it asks its server how the cluster is, in milliseconds. */
const PATIENCE_MS = 3000;

export interface Hearers {
  hello(hello: Hello): void;
  message(message: Message): void;
  /** Something about the link itself changed. */
  changed(): void;
}

export class Link {
  /** Whether the server of the page answers. */
  hasServer = false;
  /** Why it is relayed; null when it is not, or not known yet. */
  whyRelayed: string | null = null;
  private source: EventSource | undefined;
  private feed: Feed | undefined;
  private report: EmulatorReport | undefined;
  private lastConnectedAt = 0;

  constructor(private readonly hearers: Hearers) {
    setInterval(() => void this.retry(), RETRY_MS);
  }

  get isDirect(): boolean {
    return this.feed !== undefined;
  }

  async start(): Promise<void> {
    if (!(await this.direct())) this.relay();
  }

  /** @throws Error that says what is wrong. */
  async ring(bucket: string): Promise<RingView> {
    return this.feed === undefined ? askRing(bucket) : ringView(bucket, known(this.feed, bucket).ring);
  }

  /** @throws Error that says what is wrong. */
  async key(bucket: string, key: string): Promise<KeyView> {
    if (this.feed === undefined) return askKey(bucket, key);
    const { client, cluster, ring } = known(this.feed, bucket);
    return keyView(client, cluster, { bucket, key, ring });
  }

  private async retry(): Promise<void> {
    if (this.feed === undefined && this.hasServer && !document.hidden) await this.direct();
  }

  /** @returns whether a broker took the page. */
  private async direct(): Promise<boolean> {
    const answer: Access = await askAccess().catch((error: unknown) => ({
      access: null,
      why: error instanceof Error ? error.message : String(error),
    }));
    this.whyRelayed = answer.why;
    if (answer.access === null) return false;
    try {
      const first = await openBroker(answer.access, answer.running);
      this.look(answer.access, first);
      return true;
    } catch {
      const isTls = answer.access.servers.some(server => server.startsWith('wss:'));
      this.whyRelayed = `no broker takes a WebSocket from this page${isTls ? '; the browser may not know their certificate, which secrets/ca.pem in the data directory vouches for' : ''}`;
      return false;
    }
  }

  private look(access: PageAccess, opened: Inspector): void {
    let first: Inspector | undefined = opened;
    const feed = new Feed({
      way: 'broker',
      servers: access.servers,
      emulator: async () => (this.hasServer ? this.report : undefined),
      open: async running => {
        const known = first;
        first = undefined;
        const servers = running?.flatMap(({ place }) => access.servers[place] ?? []) ?? access.servers;
        return known ?? openBroker(access, servers);
      },
    });
    this.feed = feed;
    this.lastConnectedAt = Date.now();
    this.listen('/api/events?looks=no', {
      report: (report: EmulatorReport | null) => {
        this.report = report ?? undefined;
      },
      event: (event: TimelineEvent) => feed.tell(event),
    });
    feed.watch(message => {
      if (message.type === 'view') this.judge(feed, message.data.isConnected);
      this.hearers.message(message);
    });
    this.hearers.changed();
  }

  /** Where no broker answers for long, the server may know more. */
  private judge(feed: Feed, isConnected: boolean): void {
    if (isConnected) this.lastConnectedAt = Date.now();
    if (isConnected || !this.hasServer || Date.now() - this.lastConnectedAt < PATIENCE_MS) return;
    if (this.feed !== feed) return;
    this.whyRelayed = 'no broker answers this page';
    this.relay();
  }

  private relay(): void {
    void this.feed?.close();
    this.feed = undefined;
    const told = (type: Message['type']) => (data: never) => this.hearers.message({ type, data } as Message);
    this.listen('/api/events', {
      hello: (hello: Hello) => this.hearers.hello(hello),
      view: told('view'),
      point: told('point'),
      event: told('event'),
      requests: told('requests'),
    });
    this.hearers.changed();
  }

  private listen(path: string, hearers: Readonly<Record<string, (data: never) => void>>): void {
    this.source?.close();
    const source = new EventSource(path);
    this.source = source;
    const here = (hasServer: boolean) => {
      this.hasServer = hasServer;
      this.hearers.changed();
    };
    source.addEventListener('open', () => here(true));
    for (const [type, hear] of Object.entries(hearers))
      source.addEventListener(type, event => hear(JSON.parse((event as MessageEvent<string>).data) as never));
    source.addEventListener('error', () => {
      if (this.source !== source) return;
      here(false);
      // A refused stream is not tried again by the browser itself.
      if (source.readyState === EventSource.CLOSED)
        setTimeout(() => this.source === source && this.listen(path, hearers), 1000);
    });
  }
}

function known({ connected }: Feed, bucket: string) {
  if (connected === undefined) throw new Error('no broker answers: the page tries others');
  const ring = ringIn(connected.cluster.cluster, bucket);
  if (ring === undefined) throw new Error(`bucket ${bucket} is unknown to the cluster`);
  return { ...connected, ring };
}
