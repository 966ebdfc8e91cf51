// A coordinator: carries out reads and writes against the owners of their keys. The same class serves inside a node and, in
// direct mode, inside a client.
import { ClosedError } from '../errors.js';
import { HybridClock, MAX_CLOCK_SKEW_MS } from '../model/hlc.js';
import type { Bus, Clock, Random, Span } from '../ports.js';
import type {
  ClusterDefinition,
  GetReply,
  PutReply,
  ScanReply,
  TouchReply,
  WireRecord,
} from '../wire/generated/types.js';
import type { Operation, ReadRequest, TouchOperation, WriteRequest } from '../wire/requests.js';
import type { Scan } from '../wire/scan.js';
import { AnswerTimes } from './answer-times.js';
import { Appender } from './appender.js';
import { Buckets } from './buckets.js';
import { type Bucket, Catalog } from './catalog.js';
import { CatalogSync } from './catalog-sync.js';
import { type Coordination, LogLanes, Rings } from './coordination.js';
import { Deadlines } from './deadlines.js';
import { HintStore } from './hints.js';
import { readFrom, writeInto } from './in-bucket.js';
import { LIVENESS_DEFAULTS, Liveness, type LivenessSettings } from './liveness.js';
import { Pace } from './pace.js';
import { PeerClocks } from './peer-clocks.js';
import { read } from './read.js';
import { type LocalReplica, ReadLane } from './read-lane.js';
import { Samples } from './samples.js';
import { Scans } from './scan.js';
import { readInSession, writeInSession } from './session.js';
import { touch } from './touch.js';
import { traced } from './trace.js';
import { write } from './write.js';

export interface CoordinatorOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly cluster: ClusterDefinition;
  /** Prefix of the writer name: the node's, or `client`. */
  readonly name: string;
  /** Refuse times further ahead than this, in milliseconds; default 5000. */
  readonly maxClockSkewMs?: number;
  readonly liveness?: LivenessSettings;
  /** Set inside a node: its name and its replica. */
  readonly local?: { readonly node: string; readonly read: LocalReplica };
  /** The zone of a client, which LOCAL_QUORUM means; a node knows its own. */
  readonly zone?: string | undefined;
  /** Told of bucket definitions that a peer knew and this coordinator did not. */
  readonly onDefinitions?: (records: readonly WireRecord[]) => void;
  /** Told of every entry a node's log has acknowledged. */
  readonly onAcked?: (node: string, sequence: number, crc32: string) => void;
}

/** Granularity of what waits for late owners, in milliseconds. */
const LATENESS_TICK_MS = 1;

/** Heartbeats until a node counts as dead, and as many again to ask what they told of. */
const HEARSAY_HEARTBEATS = 10;
export class Coordinator {
  readonly liveness: Liveness;
  readonly hlc: HybridClock;
  /** The time by which this coordinator goes. */
  readonly clocks: PeerClocks;
  /** The bucket definitions known here. */
  readonly catalog: Catalog;
  readonly buckets: Buckets;
  /** Receipts of some requests, while somebody asks for them. */
  readonly samples: Samples;
  private readonly c: Coordination;
  private readonly scans: Scans;
  private readonly catalogSync: CatalogSync;
  private closed = false;

  constructor(options: CoordinatorOptions) {
    const { bus, clock, cluster, local } = options;
    const { nodes } = cluster;
    const maxSkewMs = options.maxClockSkewMs ?? MAX_CLOCK_SKEW_MS;
    this.clocks = new PeerClocks(clock, maxSkewMs / 2);
    this.hlc = new HybridClock(() => this.clocks.now(), maxSkewMs);
    this.liveness = new Liveness(nodes, clock, options.liveness);
    const inStep = { pace: new Pace(clock), clock };
    const readLane = (node: string) =>
      new ReadLane({
        bus,
        node,
        inStep,
        onDeath: () => this.liveness.gone(node),
        local: node === local?.node ? local.read : undefined,
      });
    this.c = {
      bus,
      clock,
      hlc: this.hlc,
      writer: `${options.name}~${options.random.token(8)}`,
      rings: new Rings(cluster),
      liveness: this.liveness,
      deadlines: new Deadlines(clock),
      lateness: new Deadlines(clock, LATENESS_TICK_MS),
      answerTimes: new AnswerTimes(clock),
      repairs: { acked: 0, failed: 0 },
      logs: new LogLanes(bus, clock, nodes, this.liveness, options.onAcked ?? (() => {})),
      hints: new HintStore(bus, clock, this.liveness),
      reads: new Map(nodes.map(node => [node, readLane(node)])),
      self: local?.node,
      zone: local === undefined ? options.zone : cluster.zones?.[local.node],
    };
    this.scans = new Scans(this.c);
    this.samples = new Samples(clock);
    this.catalog = new Catalog(cluster, this.c.rings);
    const { heartbeatMs } = options.liveness ?? LIVENESS_DEFAULTS;
    this.buckets = new Buckets(this.c, this.catalog, HEARSAY_HEARTBEATS * heartbeatMs);
    const { catalog, liveness } = this;
    const onNews = options.onDefinitions ?? (() => {});
    this.catalogSync = new CatalogSync({ bus, clock, liveness, catalog, onNews });
    this.liveness.onDeath(node => this.c.reads.get(node)?.abandon());
    this.liveness.onPresence(presence => {
      // Its own heartbeat tells a node nothing, and before it has heard the others it may be by a wrong clock.
      if (presence.node === local?.node) return;
      this.clocks.heard(presence.node, presence.now);
      this.hlc.observe(presence.time);
    });
    this.liveness.onDeath(node => this.clocks.forget(node));
  }

  /** Starts to follow who is alive. */
  start(): void {
    const { bus, self, reads } = this.c;
    this.liveness.watch(bus, self, () => !this.isIdle || [...reads.values()].some(lane => !lane.isIdle));
  }

  /** Whether some peer that knows other buckets is being asked about them. */
  get isLearning(): boolean {
    return this.catalogSync.isBusy;
  }

  get hints(): HintStore {
    return this.c.hints;
  }

  /** Appends records to nodes' logs, through the lanes that writes take. */
  get appender(): Appender {
    return new Appender(this.c.logs);
  }

  /** Records that reads appended to owners found stale, since the start. */
  get repairs(): Readonly<Coordination['repairs']> {
    return this.c.repairs;
  }

  get rings(): Rings {
    return this.c.rings;
  }

  /** Rejects with a DynatsError: see `write` and `read`. */
  write(request: WriteRequest, timeoutMs: number, parent?: Span): Promise<PutReply> {
    return this.inBucket(request.bucket, timeoutMs, (bucket, deadlineAtMs) => {
      const inBucket = writeInto(bucket, request);
      const run = request.session === undefined ? write : writeInSession;
      const samples = this.samples.take() ? this.samples : undefined;
      const span = parent?.isRecording === true ? parent : undefined;
      return request.trace === true || samples !== undefined || span !== undefined
        ? traced(this.c, inBucket, trace => run(this.c, inBucket, deadlineAtMs, trace), { samples, span })
        : run(this.c, inBucket, deadlineAtMs);
    });
  }

  read(request: ReadRequest, timeoutMs: number, parent?: Span): Promise<GetReply> {
    return this.inBucket(request.bucket, timeoutMs, (bucket, deadlineAtMs) => {
      const inBucket = readFrom(bucket, request);
      const run = request.session === undefined ? read : readInSession;
      const samples = this.samples.take() ? this.samples : undefined;
      const span = parent?.isRecording === true ? parent : undefined;
      return request.trace === true || samples !== undefined || span !== undefined
        ? traced(this.c, inBucket, trace => run(this.c, inBucket, deadlineAtMs, trace), { samples, span })
        : run(this.c, inBucket, deadlineAtMs);
    });
  }

  /** One page of a scan. Rejects with a DynatsError: see `Scans.page`. */
  scan(scan: Scan, timeoutMs: number): Promise<ScanReply> {
    return this.inBucket(scan.bucket, timeoutMs, (bucket, deadlineAtMs) =>
      this.scans.page(readFrom(bucket, scan), deadlineAtMs),
    );
  }

  /** Rejects with a DynatsError: see `touch`. */
  touch(request: TouchOperation, timeoutMs: number): Promise<TouchReply> {
    return this.inBucket(request.bucket, timeoutMs, (bucket, deadlineAtMs) =>
      touch(this.c, bucket, request, deadlineAtMs),
    );
  }

  /** @param span of the request, where it is traced; ended by the caller. */
  execute(operation: Operation, timeoutMs: number, span?: Span): Promise<PutReply | GetReply> {
    return operation.kind === 'write'
      ? this.write(operation, timeoutMs, span)
      : this.read(operation, timeoutMs, span);
  }

  /** Runs what belongs to a bucket, at once where the bucket is known here. What `run` throws, the promise rejects with. */
  private inBucket<Reply>(
    name: string,
    timeoutMs: number,
    run: (bucket: Bucket, deadlineAtMs: number) => Promise<Reply>,
  ): Promise<Reply> {
    try {
      if (this.closed) throw new ClosedError();
      const deadlineAtMs = this.c.clock.monotonic() + timeoutMs;
      const bucket = this.buckets.known(name);
      if (bucket !== undefined) return run(bucket, deadlineAtMs);
      return this.buckets.lookUp(name, deadlineAtMs).then(found => run(found, deadlineAtMs));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Whether every append and hint has been settled. */
  get isIdle(): boolean {
    return this.c.logs.isIdle && this.c.hints.isIdle;
  }

  /** Takes no more requests; waits up to `patienceMs` for the appends and hints under way. */
  async close(patienceMs = 2000): Promise<void> {
    this.closed = true;
    const { clock } = this.c;
    const until = clock.monotonic() + patienceMs;
    while (!this.isIdle && clock.monotonic() < until) await new Promise<void>(done => clock.after(5, done));
    this.liveness.close();
    this.c.hints.close();
    this.c.deadlines.close();
    this.c.lateness.close();
  }
}
