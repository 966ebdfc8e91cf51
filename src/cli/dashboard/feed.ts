// Looks at the cluster once a second while somebody watches, and tells all who do what is new. Runs in the relay, or in the page.
import type { EmulatorReport } from '../../emulator/report.js';
import { BusError } from '../../ports.js';
import type { ClusterReply, RequestsReply, StatusReply } from '../../wire/generated/types.js';
import type { Inspector } from './inspector.js';
import { isLate } from './late.js';
import { nodeViews, shownStatuses } from './node-view.js';
import { type Look, pointOf } from './rates.js';
import { type Happening, happenings } from './timeline.js';
import type { Hello, Point, RequestView, TimelineEvent, View } from './view.js';

const LOOK_PERIOD_MS = 1000;
/** How long a node has to answer, in milliseconds: within the period, so that one that hangs holds up nothing. */
const ANSWER_MS = 800;
/** How long it goes on to look when the last page has gone, in milliseconds: a page that reloads finds its plots. */
const LINGER_MS = 60_000;
/** What a page that opens is given of the past: ten minutes of points. */
const POINTS_MAX = 600;
const EVENTS_MAX = 200;
const REQUESTS_MAX = 60;

export type Message =
  | { readonly type: 'view'; readonly data: View }
  | { readonly type: 'point'; readonly data: Point }
  | { readonly type: 'event'; readonly data: TimelineEvent }
  | { readonly type: 'requests'; readonly data: readonly RequestView[] };

/** A bus server, by its URL and its place among all. */
export interface RunningServer {
  readonly place: number;
  readonly url: string;
}

export interface FeedOptions {
  /** Connects, to one of these servers if they are given. Rejects when no broker can be reached. */
  readonly open: (running?: readonly RunningServer[]) => Promise<Inspector>;
  /** What the connection tries, without credentials. */
  readonly servers: readonly string[];
  readonly way: View['via']['way'];
  /** Of a local emulator: what runs. Undefined when it does not run, or there is none. */
  readonly emulator: () => Promise<EmulatorReport | undefined>;
}

export class Feed {
  private readonly listeners = new Set<(message: Message) => void>();
  private readonly toldOf = new Set<(event: TimelineEvent) => void>();
  private readonly points: Point[] = [];
  private readonly events: TimelineEvent[] = [];
  private readonly requests: RequestView[] = [];
  private client: Inspector | undefined;
  private cluster: ClusterReply | undefined;
  private look: Look | undefined;
  private view: View;
  /** The last one in which nodes could be seen. */
  private seenView: View | undefined;
  private readonly seen = new Map<string, { incarnation: number; sequence: number }>();
  private sequence = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastWatchedMs = Number.NEGATIVE_INFINITY;
  private isClosed = false;

  constructor(private readonly options: FeedOptions) {
    this.view = this.viewOf(new Map(), undefined, 'Looking for the cluster…');
  }

  /** Tells `listener` of everything from now on, until the function returned is called. */
  watch(listener: (message: Message) => void): () => void {
    this.listeners.add(listener);
    this.lastWatchedMs = performance.now();
    if (this.timer === undefined && !this.isClosed) this.schedule(0);
    return () => {
      this.listeners.delete(listener);
      this.lastWatchedMs = performance.now();
    };
  }

  hello(): Hello {
    const { view, points, events, requests } = this;
    return { view, points, events, requests };
  }

  /** Puts something on the timeline that was not seen but done. */
  tell(happening: Happening): void {
    const event = { ...happening, sequence: ++this.sequence, at: Date.now() };
    keep(this.events, [event], EVENTS_MAX);
    this.send({ type: 'event', data: event });
    for (const listener of this.toldOf) listener(event);
  }

  /** Tells `listener` of what is done from now on, until the function returned is called. It is nobody who watches. */
  onTold(listener: (event: TimelineEvent) => void): () => void {
    this.toldOf.add(listener);
    return () => void this.toldOf.delete(listener);
  }

  /** The connection and the cluster's definition, for a question of its own; undefined when not connected. */
  get connected(): { client: Inspector; cluster: ClusterReply } | undefined {
    const { client, cluster } = this;
    return client === undefined || cluster === undefined || !this.view.isConnected
      ? undefined
      : { client, cluster };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.listeners.clear();
    await this.client?.close();
  }

  private schedule(delayMs: number): void {
    this.timer = setTimeout(() => {
      const begunMs = performance.now();
      void this.lookOnce().then(() => {
        if (this.isClosed) return;
        const isWatched = this.listeners.size > 0 || performance.now() - this.lastWatchedMs < LINGER_MS;
        this.timer = undefined;
        if (isWatched) this.schedule(Math.max(0, LOOK_PERIOD_MS - (performance.now() - begunMs)));
        // What happens while nobody looks is not known: the next point would stand for all of it.
        else this.look = undefined;
      });
    }, delayMs);
  }

  private async lookOnce(): Promise<void> {
    const report = await this.options.emulator().catch(() => undefined);
    const before = this.view;
    try {
      const wasOpen = this.client !== undefined;
      let look = await this.ask(report);
      // The broker it is connected to may hang, and all nodes be well: another one knows.
      if (look.statuses.size === 0 && wasOpen) {
        this.leave();
        look = await this.ask(report);
      }
      const shown = shownStatuses(look, this.look, report);
      this.view = this.viewOf(shown, report, this.whyNot(look, report));
      if (this.look !== undefined && this.view.isConnected) {
        const point = pointOf(this.look, look);
        keep(this.points, [point], POINTS_MAX);
        this.send({ type: 'point', data: point });
      }
      this.look = look;
      this.tellSamples(look);
    } catch (error) {
      this.view = this.viewOf(new Map(), report, reasonOf(error, this.options.servers));
    }
    this.send({ type: 'view', data: this.view });
    if (before.cluster !== null || this.view.isConnected)
      for (const happening of happenings(before, this.view, this.seenView)) this.tell(happening);
    if (this.view.isConnected) this.seenView = this.view;
  }

  private async ask(report: EmulatorReport | undefined): Promise<Look & { late: ReadonlySet<string> }> {
    this.client ??= await this.options.open(runningServers(report));
    const { client } = this;
    // Whatever buckets there are is worth a question each time, but an answer may be missing for once.
    const known = this.cluster?.cluster ?? report?.cluster;
    const asked = client.cluster({ timeoutMs: ANSWER_MS });
    const kept = asked.then(
      reply => {
        this.cluster = reply;
      },
      () => {},
    );
    const { nodes } = known ?? (await asked).cluster;
    const statuses = new Map<string, StatusReply>();
    const requests = new Map<string, RequestsReply>();
    const late = new Set<string>();
    await Promise.all([
      kept,
      ...nodes.flatMap(node => [
        client.status(node, { timeoutMs: ANSWER_MS }).then(
          reply => void statuses.set(node, reply),
          // It is down or hangs: that is what is shown.
          error => void (isLate(error) && late.add(node)),
        ),
        client.requests(node, { after: this.seen.get(node)?.sequence ?? 0 }, { timeoutMs: ANSWER_MS }).then(
          reply => void requests.set(node, reply),
          () => {},
        ),
      ]),
    ]);
    const inOrder = <Reply>(replies: Map<string, Reply>) =>
      new Map(nodes.flatMap(node => (replies.has(node) ? [[node, replies.get(node) as Reply]] : [])));
    return { at: Date.now(), statuses: inOrder(statuses), requests: inOrder(requests), late };
  }

  /** Leaves the broker; not waited for, since one that hangs does not let go. */
  private leave(): void {
    this.client?.close().catch(() => {});
    this.client = undefined;
  }

  private tellSamples(look: Look): void {
    const fresh: RequestView[] = [];
    for (const [node, { incarnation, samples }] of look.requests) {
      const known = this.seen.get(node);
      const isNew = known?.incarnation !== incarnation;
      // A node that started anew counts from one again: what it was asked for was too late.
      const from = isNew ? 0 : (known?.sequence ?? 0);
      const last = samples.at(-1)?.sequence ?? from;
      this.seen.set(node, { incarnation, sequence: last });
      for (const { at, sequence, receipt } of samples) if (sequence > from) fresh.push({ node, at, receipt });
    }
    if (fresh.length === 0) return;
    fresh.sort((a, b) => a.at - b.at);
    keep(this.requests, fresh, REQUESTS_MAX);
    this.send({ type: 'requests', data: fresh.slice(-REQUESTS_MAX) });
  }

  private whyNot({ statuses }: Look, report: EmulatorReport | undefined): string | null {
    if (statuses.size > 0) return null;
    return report === undefined
      ? `The brokers answer, but no Dynats node does: ${this.options.servers.join(', ')}.`
      : 'No node of the emulator answers: restart one.';
  }

  private viewOf(
    statuses: ReadonlyMap<string, StatusReply>,
    report: EmulatorReport | undefined,
    why: string | null,
  ): View {
    const definition = this.cluster?.cluster ?? report?.cluster;
    return {
      at: Date.now(),
      isConnected: why === null,
      why,
      via: this.client?.via ?? { way: this.options.way, broker: null },
      cuts: report?.cuts ?? null,
      servers: this.options.servers,
      cluster:
        definition === undefined
          ? null
          : {
              name: definition.name,
              replicationFactor: definition.replicationFactor,
              partitioner: definition.partitioner,
              buckets: [...new Set(['default', ...Object.keys(definition.buckets ?? {})])],
            },
      nodes: definition === undefined ? [] : nodeViews(definition, statuses, report),
      canFault: report !== undefined,
    };
  }

  private send(message: Message): void {
    for (const listener of this.listeners) listener(message);
  }
}

/** Of an emulator: the bus servers that run. One that hangs takes connections and says nothing. */
export function runningServers(report: EmulatorReport | undefined): readonly RunningServer[] | undefined {
  if (report === undefined) return undefined;
  const { cluster, urls, nodes } = report;
  const running = urls.flatMap((url, place) =>
    nodes[cluster.nodes[place] ?? '']?.bus.state === 'running' ? [{ place, url }] : [],
  );
  return running.length === 0 ? undefined : running;
}

function keep<Item>(kept: Item[], fresh: readonly Item[], max: number): void {
  kept.push(...fresh);
  if (kept.length > max) kept.splice(0, kept.length - max);
}

function reasonOf(error: unknown, servers: readonly string[]): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error && !(innermost instanceof BusError))
    innermost = innermost.cause;
  if (innermost instanceof BusError && innermost.kind === 'no-responders')
    return `The brokers answer, but no Dynats node does: ${servers.join(', ')}.`;
  return `No broker answers: ${servers.join(', ')}.`;
}
