// Connects a client: the bus, the cluster's definition, and the mode in which requests are coordinated.

import { openBus } from '#open-bus';
import type { Coordinator } from '../coordinator/coordinator.js';
import { DynatsError, UnavailableError } from '../errors.js';
import { HybridClock, MAX_CLOCK_SKEW_MS } from '../model/hlc.js';
import type { OutcomeReport } from '../model/outcome.js';
import { parseVersion } from '../model/record.js';
import type { NatsBus } from '../nats/bus.js';
import { BusError, type Span, type Tracer } from '../ports.js';
import { systemClock, systemRandom } from '../system.js';
import { loadTracer } from '../telemetry/tracer.js';
import type {
  ClusterReply,
  GetReply,
  HintsReply,
  HintsRequest,
  PutReply,
  RecordsReply,
  RecordsRequest,
  RepairReply,
  RequestsReply,
  RequestsRequest,
  ScanReply,
  StatusReply,
  TouchReply,
} from '../wire/generated/types.js';
import type { Validator } from '../wire/generated/validators.js';
import * as validators from '../wire/generated/validators.js';
import { encodeJson } from '../wire/json.js';
import { readReply } from '../wire/reply.js';
import {
  BUCKET_TIMEOUT_MS_DEFAULT,
  checkOperation,
  DEFAULT_BUCKET,
  TIMEOUT_MS_DEFAULT,
  type WireRequest,
} from '../wire/requests.js';
import { subjects } from '../wire/subjects.js';
import { ApiRequests, closedError } from './api.js';
import { checkNode, ttlOf, zoneFor } from './arguments.js';
import { askCluster } from './ask-cluster.js';
import { type Buckets, bucketsOf } from './buckets.js';
import { inSpan } from './call-span.js';
import type { Client, Operation, Outcome, PutOptions, RequestOptions, Session } from './client.js';
import { Coordinators } from './coordinators.js';
import type { DirectRequests } from './direct.js';
import { Entry } from './entry.js';
import { forbidden } from './forbidden.js';
import { type Got, getMany, type Put, putMany } from './many.js';
import { type AskOptions, NodeQuestions } from './node-questions.js';
import { offsetOf } from './offset.js';
import { type ConnectOptions, Mode } from './options.js';
import { explain } from './receipt.js';
import { asGet, asPut } from './reply-kind.js';
import { entryOf, recordsOf, requestOf, type ScanOptions, type ScanPageOptions, ScanPages } from './scan.js';
import { ServerDoubt } from './server-doubt.js';
import { ClientSession, parseToken } from './session.js';
import { touchKey } from './touch.js';
import type { Watch, WatchOptions } from './watch/watch.js';
import { addValue, type Call, checkFits, type Wanted, wireRequest } from './wire-request.js';

const CLUSTER_TIMEOUT_MS = 1000;
/** After the connection is back, heartbeats of all nodes have come within this time, in milliseconds. */
const SETTLING_MS = 600;

/**
 * Connects to a cluster.
 *
 * @throws ClosedError when no broker could be reached; UnavailableError in direct mode when no node answers.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const doubt = new ServerDoubt();
  const bus = await openBus(doubt.settings(options));
  const client = new NatsClient(bus, doubt, options, await loadTracer());
  try {
    await client.start();
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}

class NatsClient implements Client {
  readonly buckets: Buckets;
  private readonly nodeQuestions: NodeQuestions;
  private readonly coordinators: Coordinators;
  private readonly api: ApiRequests;
  private readonly scans: ScanPages;
  private direct: DirectRequests | undefined;
  private coordinator: Coordinator | undefined;
  private nodes: readonly string[] = [];
  private readonly watches = new Set<Watch>();
  private readonly writer = `client~${systemRandom.token(8)}`;
  /** Follows the nodes' clocks: what this client writes is newer than what any node it heard of has stored. */
  private readonly hlc = new HybridClock(() => Date.now() + (this.offsetMs ?? 0), MAX_CLOCK_SKEW_MS);
  /** How far the nodes' clocks are ahead of this machine's, in milliseconds; undefined while none has answered. */
  private offsetMs: number | undefined;
  private touchedAtMs = 0;
  private isConnected = true;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly bus: NatsBus,
    private readonly doubt: ServerDoubt,
    private readonly options: ConnectOptions,
    private readonly tracer: Tracer | undefined,
  ) {
    const nodes = () => this.nodes;
    const onSilence = () => void doubt.raise(bus);
    const coordinators = new Coordinators({ bus, clock: systemClock, nodes, onSilence });
    this.coordinators = coordinators;
    this.api = new ApiRequests({
      bus,
      coordinators,
      nodes,
      onTime: (...heard) => this.heardTime(...heard),
      nodesNow: () => this.nodesNow(),
    });
    this.scans = new ScanPages({
      bus,
      coordinators,
      coordinator: () => this.coordinator,
      isOutOfTouch: () => this.isOutOfTouch,
      nodes,
      nodesNow: () => this.nodesNow(),
    });
    this.buckets = bucketsOf({
      ask: this.ask.bind(this),
      node: () => coordinators.next(),
      timeoutMsDefault: () => Math.max(this.timeoutMs(), BUCKET_TIMEOUT_MS_DEFAULT),
    });
    this.nodeQuestions = new NodeQuestions(this.ask.bind(this), () => this.timeoutMs());
    bus.onDisconnect(() => {
      this.isConnected = false;
    });
    bus.onReconnect(() => {
      this.isConnected = true;
      this.touchedAtMs = performance.now();
    });
  }

  async start(): Promise<void> {
    if (this.options.mode === Mode.Direct) await this.join();
    // A client that only asks any node can do without; with it, it knows their clocks, and whom else to ask.
    else
      await this.cluster().then(
        ({ node, cluster, peers }) => {
          this.nodes = cluster.nodes;
          this.coordinators.begin([node, ...peers.map(peer => peer.node)]);
        },
        () => {},
      );
  }

  put(key: string | number, value: string | Uint8Array, options: PutOptions = {}): Promise<PutReply> {
    return this.write({ op: 'put', key, value }, options);
  }

  delete(key: string | number, options: RequestOptions = {}): Promise<PutReply> {
    return this.write({ op: 'delete', key }, options);
  }

  async touch(key: string | number, options: PutOptions = {}): Promise<TouchReply> {
    if (this.closing !== undefined) throw closedError();
    const timeoutMs = options.timeoutMs ?? this.timeoutMs();
    // It belongs to no session and has no receipt.
    const { session: _, trace: __, ...wanted } = options;
    const request = { ...wireRequest(key, wanted, this.options), ...ttlOf(wanted), timeoutMs };
    const { coordinator } = this;
    const next = () => this.coordinators.next();
    return touchKey(request, { ask: this.ask.bind(this), coordinator, via: options.via, next });
  }

  async get(key: string | number, options: RequestOptions = {}): Promise<Entry | undefined> {
    return Entry.of(this.bucketOf(options), asGet(await this.execute({ op: 'get', key }, options, options)));
  }

  session(token?: string): Session {
    return new ClientSession(this, this.bucketOf({}), token);
  }

  async read(key: string | number, options: RequestOptions = {}): Promise<GetReply> {
    return asGet(await this.execute({ op: 'get', key }, options, options));
  }

  batch(operations: readonly Operation[], options: RequestOptions = {}): Promise<Outcome[]> {
    return Promise.all(
      operations.map(async operation => {
        try {
          return await this.execute(operation, { ...options, ...operation }, options);
        } catch (error) {
          if (error instanceof DynatsError) return error;
          throw error;
        }
      }),
    );
  }

  getMany(keys: Iterable<string | number>, options: RequestOptions = {}): Promise<Got[]> {
    return getMany(this, keys, { ...options, bucket: this.bucketOf(options) });
  }

  putMany(
    entries: Iterable<readonly [key: string | number, value: string | Uint8Array]>,
    options: PutOptions = {},
  ): Promise<Put[]> {
    return putMany(this, entries, options);
  }

  async *scan(options: ScanOptions = {}): AsyncGenerator<Entry> {
    const bucket = this.bucketOf(options);
    for await (const record of recordsOf(this.scanPages(options), options.limit))
      yield entryOf(bucket, record);
  }

  async *keys(options: ScanOptions = {}): AsyncGenerator<string> {
    const pages = this.scanPages({ ...options, keysOnly: true });
    for await (const { key } of recordsOf(pages, options.limit)) yield key;
  }

  async watch(options: WatchOptions = {}): Promise<Watch> {
    if (this.closing !== undefined) throw closedError();
    const [{ startWatcher }, { Watch }] = await Promise.all([
      import('./watch/start-watch.js'),
      import('./watch/watch.js'),
    ]);
    const { bus, scans: pages } = this;
    const parts = { bus, client: this, pages, nodesNow: () => this.nodesNow() ?? Date.now() };
    const watcher = await startWatcher(parts, { ...options, bucket: this.bucketOf(options) });
    const watch: Watch = new Watch(watcher, () => this.watches.delete(watch));
    this.watches.add(watch);
    return watch;
  }

  async cluster(options: { timeoutMs?: number } = {}): Promise<ClusterReply> {
    const { timeoutMs = CLUSTER_TIMEOUT_MS } = options;
    const node = () => this.coordinators.next();
    const askedAtMs = performance.now();
    const reply = await askCluster({ ask: this.ask.bind(this), node, timeoutMs });
    this.heardTime(reply.time, reply.now, performance.now() - askedAtMs);
    return reply;
  }

  status(node: string, options?: AskOptions): Promise<StatusReply> {
    return this.nodeQuestions.status(node, options);
  }

  records(node: string, request?: RecordsRequest, options?: AskOptions): Promise<RecordsReply> {
    return this.nodeQuestions.records(node, request, options);
  }

  repair(node: string, options?: AskOptions & { dryRun?: boolean }): Promise<RepairReply> {
    return this.nodeQuestions.repair(node, options);
  }

  hints(node: string, request?: HintsRequest, options?: AskOptions): Promise<HintsReply> {
    return this.nodeQuestions.hints(node, request, options);
  }

  requests(node: string, request?: RequestsRequest, options?: AskOptions): Promise<RequestsReply> {
    return this.nodeQuestions.requests(node, request, options);
  }

  async outcome(
    key: string | number,
    version: string,
    options: { bucket?: string; timeoutMs?: number } = {},
  ): Promise<OutcomeReport> {
    const write = { bucket: this.bucketOf(options), key, version };
    const timeoutMs = options.timeoutMs ?? CLUSTER_TIMEOUT_MS;
    const [{ findBucket }, { askOutcome }] = await Promise.all([
      import('./bucket-ring.js'),
      import('./outcome.js'),
    ]);
    const { ring } = await findBucket(this, write.bucket, timeoutMs);
    return askOutcome(write, ring, (node, request) =>
      this.ask(subjects.node(node, 'outcome'), request, validators.outcomeReply, timeoutMs),
    );
  }

  close(): Promise<void> {
    this.closing ??= (async () => {
      for (const watch of this.watches) watch.stop();
      try {
        await this.coordinator?.close();
      } finally {
        await this.bus.close();
      }
    })();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Makes this client a coordinator of the cluster. Most clients never are one, and do not load what it takes. */
  private async join(): Promise<void> {
    const { join } = await import('#join');
    const view = await this.cluster({ timeoutMs: this.timeoutMs() });
    this.nodes = view.cluster.nodes;
    const { bus, options } = this;
    const joined = join(view, {
      bus,
      zone: options.zone,
      isOutOfTouch: () => this.isOutOfTouch,
      onUnavailable: () => this.doubt.raise(bus),
    });
    this.coordinator = joined.coordinator;
    this.direct = joined.direct;
  }

  private async write(operation: Operation, options: PutOptions): Promise<PutReply> {
    return asPut(await this.execute(operation, options, options));
  }

  private async execute(
    operation: Operation,
    wanted: Wanted,
    options: RequestOptions,
  ): Promise<PutReply | GetReply> {
    if (this.closing !== undefined) throw closedError();
    const { op } = operation;
    const timeoutMs = options.timeoutMs ?? this.timeoutMs();
    const wire = this.wireOf(operation, wanted);
    wire.timeoutMs = timeoutMs;
    const checked = checkOperation(op, wire);
    const via = options.via === undefined ? undefined : checkNode(options.via, 'via');
    const call = { op, checked, wire, deadlineAtMs: performance.now() + timeoutMs, via };
    const { tracer } = this;
    try {
      return await (tracer === undefined ? this.send(call) : this.sendTraced(tracer, call));
    } catch (error) {
      throw explain(error, checked, timeoutMs);
    }
  }

  private sendTraced(tracer: Tracer, call: Call): Promise<PutReply | GetReply> {
    return inSpan(tracer, call.checked, span => this.send(call, span));
  }

  private send({ op, checked, wire, deadlineAtMs, via }: Call, span?: Span): Promise<PutReply | GetReply> {
    if (this.direct !== undefined && via === undefined)
      return this.direct.execute(checked, deadlineAtMs, span);
    const { timeoutMs: _, ...rest } = wire;
    const text = JSON.stringify({ op, ...rest });
    checkFits(text, wire.base64 === undefined ? 'value' : 'base64', this.bus.maxPayload);
    const { traceparent } = span ?? {};
    return this.api.execute({ isWrite: op !== 'get', text, deadlineAtMs, via, traceparent });
  }

  /** The operation as the API takes it; a write under a version of this client's, so that a retry is the same write. */
  private wireOf(operation: Operation, wanted: Wanted): WireRequest {
    const wire = wireRequest(operation.key, wanted, this.options);
    if (operation.op === 'get') return wire;
    const clock = this.coordinator?.hlc ?? this.hlc;
    // What a session writes is newer than what it has seen.
    if (wire.session) clock.observe(parseToken(wire.session).newestTime());
    if (operation.op === 'put') addValue(wire, operation.value, wanted);
    const { version } = operation;
    const issued = version === undefined ? undefined : parseVersion(version, false);
    wire.time = issued?.time ?? clock.next();
    wire.writer = issued?.writer ?? this.writer;
    return wire;
  }

  private get isOutOfTouch(): boolean {
    return !this.isConnected || this.doubt.hasJustLeft || performance.now() - this.touchedAtMs < SETTLING_MS;
  }

  /** Now by the nodes' clocks, in milliseconds since 1970; undefined while none is known. */
  private nodesNow(): number | undefined {
    return this.offsetMs === undefined ? undefined : Date.now() + this.offsetMs;
  }

  private heardTime(time: number, now: number, tookMs: number): void {
    this.offsetMs = offsetOf(now - Date.now(), tookMs);
    this.hlc.observe(time);
  }

  private bucketOf({ bucket }: RequestOptions): string {
    return bucket ?? this.options.bucket ?? DEFAULT_BUCKET;
  }

  scanPages(options: ScanOptions & ScanPageOptions = {}): AsyncGenerator<ScanReply> {
    if (this.closing !== undefined) throw closedError();
    const timeoutMs = options.timeoutMs ?? this.timeoutMs();
    const via = options.via === undefined ? undefined : checkNode(options.via, 'via');
    const zone = zoneFor(options.level, this.options);
    const request = requestOf(options, this.bucketOf(options));
    return this.scans.pages(zone === undefined ? request : { ...request, zone }, { timeoutMs, via });
  }

  private timeoutMs(): number {
    return this.options.timeoutMs ?? TIMEOUT_MS_DEFAULT;
  }

  private async ask<T>(
    subject: string,
    request: object,
    validator: Validator<T>,
    timeoutMs: number,
  ): Promise<T> {
    if (this.closing !== undefined) throw closedError();
    try {
      const reply = await this.bus.request(subject, encodeJson(request), timeoutMs);
      return readReply(validator, reply.data);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      if (error.kind === 'forbidden') throw forbidden(error);
      const why = error.kind === 'no-responders' ? 'nobody answers there' : 'no answer in time';
      throw new UnavailableError(1, 0, `${subject}: ${why}`, { cause: error });
    }
  }
}
