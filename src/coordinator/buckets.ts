// Buckets by name: what a request means by one, and how they are made, changed and dropped. Definitions are records of
// `_buckets`, which every node owns, read and written at QUORUM like any other.
import { InvalidRequestError, UnavailableError } from '../errors.js';
import { BUCKETS, definitionTime, isReserved } from '../model/bucket.js';
import { formatDuration } from '../model/duration.js';
import { Level, requiredOwners } from '../model/level.js';
import { parseVersion, versionText } from '../model/record.js';
import type { BucketDefinition, BucketReply, BucketRequest } from '../wire/generated/types.js';
import { DEFAULT_BUCKET, VALUE_BYTES_MAX } from '../wire/requests.js';
import type { Bucket, Catalog } from './catalog.js';
import { definitionsOf } from './catalog-sync.js';
import type { Coordination } from './coordination.js';
import { read } from './read.js';
import { write } from './write.js';

/** Buckets that are there at a time. */
const BUCKETS_MAX = 256;
/** Tries of a change that another one got ahead of. */
const TRIES_MAX = 5;

export class Buckets {
  private readonly lookUps = new Map<string, Promise<Bucket | undefined>>();

  constructor(
    private readonly c: Coordination,
    private readonly catalog: Catalog,
    /** By when a drop has been heard of by everybody who thinks some owner alive, in milliseconds. */
    private readonly hearsayMs: number,
  ) {}

  /** What is known here, without asking. @throws InvalidRequestError for a name that is the store's own. */
  known(name: string): Bucket | undefined {
    if (isReserved(name))
      throw new InvalidRequestError('bucket', `bucket ${name} is the store's own: choose another name`);
    return this.catalog.find(name);
  }

  /**
   * Asks a quorum of all nodes for a bucket that is not known here.
   *
   * @param deadlineAtMs on the monotonic clock.
   * @throws InvalidRequestError when there is none; UnavailableError when too few nodes are alive to tell.
   */
  async lookUp(name: string, deadlineAtMs: number): Promise<Bucket> {
    const known = this.lookUps.get(name);
    const asking = known ?? this.current(name, deadlineAtMs).finally(() => this.lookUps.delete(name));
    if (known === undefined) this.lookUps.set(name, asking);
    const bucket = await asking;
    if (bucket === undefined || bucket.definition.dropped === true) throw this.unknown(name);
    return bucket;
  }

  /** Carries out a bucket request. @throws DynatsError as `read` and `write` do. */
  async execute(request: BucketRequest, timeoutMs: number): Promise<BucketReply> {
    const deadlineAtMs = this.c.clock.monotonic() + timeoutMs;
    const { op, bucket: name } = request;
    if (op === 'ls') {
      await this.refresh();
      if (name === undefined) return { buckets: this.catalog.all().map(bucket => this.shown(bucket)) };
      const bucket = this.known(name);
      if (bucket === undefined) throw this.unknown(name);
      return { buckets: [this.shown(bucket)] };
    }
    if (name === undefined) throw new InvalidRequestError('bucket', `bucket is missing: which one to ${op}?`);
    this.known(name);
    for (let tries = 1; ; tries++) {
      if (request.op === 'create') await this.forgotten(name, deadlineAtMs);
      const before = await this.current(name, deadlineAtMs);
      const next = this.next(request, name, before);
      if (next === undefined && before !== undefined) return { buckets: [this.shown(before)] };
      if (next === undefined) throw this.unknown(name);
      const version = { time: definitionTime(next), writer: this.c.writer };
      const value = JSON.stringify(next);
      await write(
        this.c,
        { kind: 'write', bucket: BUCKETS, key: name, level: Level.Quorum, value, version },
        deadlineAtMs,
      );
      const after = await this.current(name, deadlineAtMs);
      if (after !== undefined && versionText(after.version) === versionText(version))
        return { buckets: [this.shown(after)] };
      if (tries >= TRIES_MAX)
        throw new InvalidRequestError('bucket', `bucket ${name} is being changed by others: try again`);
    }
  }

  /**
   * Before a name is used again, whoever still has the old life in mind must have heard of its end: else it would write
   * into that, and be acked. Every coordinator that thinks an owner alive hears its heartbeats, and within this time one
   * that tells of the drop.
   */
  private async forgotten(name: string, deadlineAtMs: number): Promise<void> {
    const before = await this.current(name, deadlineAtMs);
    if (before?.definition.dropped !== true) return;
    const { clock } = this.c;
    if (clock.monotonic() + this.hearsayMs > deadlineAtMs)
      throw new InvalidRequestError(
        'timeoutMs',
        `bucket ${name} was dropped: making it anew takes ${formatDuration(this.hearsayMs)}, so that everybody has heard; allow more`,
      );
    await new Promise<void>(done => clock.after(this.hearsayMs, done));
  }

  /** The newest definition that a quorum of the nodes has, dropped or not. */
  private async current(name: string, deadlineAtMs: number): Promise<Bucket | undefined> {
    const reply = await read(
      this.c,
      { kind: 'read', bucket: BUCKETS, key: name, level: Level.Quorum },
      deadlineAtMs,
    );
    if (reply.value !== undefined && reply.version !== undefined)
      this.catalog.learn({
        bucket: BUCKETS,
        key: name,
        value: reply.value,
        ...parseVersion(reply.version, false),
      });
    return this.catalog.last(name);
  }

  /** Takes up what a quorum of the nodes knows of all buckets. */
  private async refresh(): Promise<void> {
    const { rings, liveness, bus } = this.c;
    const { nodes } = rings.of(BUCKETS);
    const required = requiredOwners(Level.Quorum, nodes.length);
    const ready = nodes.filter(node => liveness.isReadable(node));
    const answers = await Promise.allSettled(
      ready.map(async node => {
        for await (const record of definitionsOf(bus, node)) this.catalog.learn(record);
      }),
    );
    const answered = answers.filter(({ status }, i) => {
      const node = ready[i];
      return status === 'fulfilled' && node !== undefined && liveness.isReadable(node);
    }).length;
    if (answered < required)
      throw new UnavailableError(
        required,
        answered,
        `${required} nodes are needed to tell which buckets there are, ${answered} answered`,
      );
  }

  /** The definition that follows; undefined when nothing is to be done. */
  private next(
    request: BucketRequest,
    name: string,
    before: Bucket | undefined,
  ): BucketDefinition | undefined {
    const isThere = before !== undefined && before.definition.dropped !== true;
    switch (request.op) {
      case 'create':
        return isThere ? this.same(request, before) : this.created(request, before);
      case 'set':
        return isThere ? changed(request, before, this.settings(before.definition)) : undefined;
      default:
        if (name === DEFAULT_BUCKET)
          throw new InvalidRequestError('bucket', 'the default bucket cannot be dropped: delete its keys');
        return isThere ? { ...before.definition, dropped: true } : undefined;
    }
  }

  private created(request: BucketRequest, before: Bucket | undefined): BucketDefinition {
    if (this.catalog.all().length >= BUCKETS_MAX)
      throw new InvalidRequestError('bucket', `there are ${BUCKETS_MAX} buckets already: drop one first`);
    const { nodes } = this.c.rings.of(BUCKETS);
    const { partitioner, replicationFactor } = this.settings(request);
    if (replicationFactor > nodes.length)
      throw new InvalidRequestError(
        'replicationFactor',
        `replicationFactor ${replicationFactor} needs as many nodes; there are ${nodes.length}`,
      );
    const life = before === undefined ? 0 : (before.definition.life ?? 0) + 1;
    return { partitioner, replicationFactor, ...optional(request), life, change: 0 };
  }

  /** Making a bucket that is there already is the same request again, or a mistake. */
  private same(request: BucketRequest, { name, definition }: Bucket): undefined {
    const asked = { ...this.settings(request), ...optional(withLevel(request)) };
    const there = { ...this.settings(definition), ...optional(withLevel(definition)) };
    if (JSON.stringify(asked) === JSON.stringify(there)) return undefined;
    throw new InvalidRequestError(
      'bucket',
      `bucket ${name} exists with other settings: change those with set, or choose another name`,
    );
  }

  private settings(own: Pick<BucketDefinition, 'partitioner' | 'replicationFactor'>) {
    return this.c.rings.settings(own);
  }

  private shown({ name, definition }: Bucket): BucketReply['buckets'][number] {
    const { life = 0, change = 0, dropped } = definition;
    const end = dropped === true ? { dropped } : {};
    return { name, ...this.settings(definition), ...optional(withLevel(definition)), life, change, ...end };
  }

  private unknown(name: string): InvalidRequestError {
    const names = this.catalog.all().map(bucket => bucket.name);
    return new InvalidRequestError(
      'bucket',
      `unknown bucket ${JSON.stringify(name)}; there is ${names.join(', ')}`,
    );
  }
}

/** With the level that a bucket has which names none. */
function withLevel<T extends Pick<BucketDefinition, 'level'>>(settings: T) {
  return { ...settings, level: settings.level ?? Level.Quorum };
}

/** The settings that a bucket may do without, in one order; 0 stands for none. */
function optional({
  level,
  ttlMs,
  valueBytesMax,
}: Omit<BucketRequest, 'op'>): Pick<BucketDefinition, 'level' | 'ttlMs' | 'valueBytesMax'> {
  return {
    ...(level === undefined ? {} : { level }),
    ...(ttlMs === undefined || ttlMs === 0 ? {} : { ttlMs }),
    ...(valueBytesMax === undefined || valueBytesMax === 0 || valueBytesMax === VALUE_BYTES_MAX
      ? {}
      : { valueBytesMax }),
  };
}

function changed(
  request: BucketRequest,
  { name, definition }: Bucket,
  placement: Required<Pick<BucketDefinition, 'partitioner' | 'replicationFactor'>>,
): BucketDefinition {
  for (const field of ['partitioner', 'replicationFactor'] as const)
    if (request[field] !== undefined && request[field] !== placement[field])
      throw new InvalidRequestError(
        field,
        `${field} of bucket ${name} is ${placement[field]} and cannot change, since its records would be on the wrong nodes: make another bucket, copy the keys (dynats export, dynats import), then drop this one`,
      );
  const { life = 0, change = 0 } = definition;
  const { op: _, ...wanted } = request;
  return { ...placement, ...optional({ ...definition, ...wanted }), life, change: change + 1 };
}
