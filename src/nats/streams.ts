// The log and hints streams, as JetStream streams.
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { LogLife, LogStream, ReplicaLog, StreamEntry, StreamState, Subscription } from '../ports.js';
import type { Recovering } from '../wire/generated/types.js';
import { streams, subjects } from '../wire/subjects.js';
import { type Batch, type DirectEntry, directGet } from './direct-get.js';
import { toPutBack } from './log-settings.js';
import { storedHeader } from './stored-headers.js';

const API_TIMEOUT_MS = 3000;

/** Metadata of a log stream: the log's life. */
const LIFE = 'dynats.log';
const RECOVERING = 'dynats.recovering';
const FORMER = 'dynats.former';

export interface StreamOptions {
  readonly connection: NatsConnection;
  readonly node: string;
  /** JetStream domain of the node's log broker; null for none. */
  readonly domain: string | null;
  readonly inboxPrefix?: string | undefined;
  /** Somebody had edited the log: these settings of its stream were put back, or could not be. */
  readonly onPutBack?: (settings: readonly string[], error?: unknown) => void;
}

export class NatsLogStream implements LogStream {
  protected readonly connection: NatsConnection;
  private readonly apiPrefix: string;
  private manager: Promise<JetStreamManager> | undefined;

  constructor(
    protected readonly options: StreamOptions,
    protected readonly stream: string,
  ) {
    this.connection = options.connection;
    this.apiPrefix = options.domain === null ? '$JS.API' : `$JS.${options.domain}.API`;
  }

  async state(): Promise<StreamState> {
    return stateOf(await this.info());
  }

  read(
    from: number,
    to: number,
    onEntry: (entry: StreamEntry) => void,
    options: { subject?: string; limit?: number } = {},
  ): Promise<void> {
    return this.batches(from, to, options, batch => batch.entries(onEntry));
  }

  /** As `read`, with where and when each entry was stored. */
  protected scan(
    from: number,
    to: number,
    onEntry: (entry: DirectEntry) => void,
    options: { subject?: string; limit?: number },
  ): Promise<void> {
    return this.batches(from, to, options, batch => batch.fullEntries(onEntry));
  }

  /** While one batch is taken up the broker reads the next. */
  private async batches(
    from: number,
    to: number,
    { subject, limit = Number.POSITIVE_INFINITY }: { subject?: string; limit?: number },
    onBatch: (batch: Batch) => void,
  ): Promise<void> {
    const { connection, apiPrefix, stream } = this;
    const { inboxPrefix } = this.options;
    let left = limit;
    const get = (next: number | undefined): Promise<Batch> | undefined =>
      next === undefined || next > to || left <= 0
        ? undefined
        : directGet({ connection, apiPrefix, stream, inboxPrefix, from: next, to, subject, limit: left });
    for (let coming = get(from); coming !== undefined; ) {
      const batch = await coming;
      left -= batch.length;
      coming = get(batch.next);
      // Rejects where it is awaited, should taking up this batch throw first.
      coming?.catch(() => undefined);
      // The request is on its way before the batch takes this process's time.
      await null;
      onBatch(batch);
    }
  }

  async purge(through: number, subject?: string): Promise<void> {
    const api = await this.api();
    await api.streams.purge(this.stream, {
      seq: through + 1,
      ...(subject === undefined ? {} : { filter: subject }),
    });
  }

  protected async info(subjectsFilter?: string): Promise<StreamInfo> {
    const api = await this.api();
    return api.streams.info(
      this.stream,
      subjectsFilter === undefined ? undefined : { subjects_filter: subjectsFilter },
    );
  }

  /** Undefined when there is no such stream. */
  protected async infoIfAny(subjectsFilter?: string): Promise<StreamInfo | undefined> {
    try {
      return await this.info(subjectsFilter);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
        return undefined;
      throw error;
    }
  }

  protected api(): Promise<JetStreamManager> {
    const { domain } = this.options;
    this.manager ??= jetstreamManager(this.connection, {
      checkAPI: false,
      timeout: API_TIMEOUT_MS,
      ...(domain === null ? {} : { domain }),
    });
    return this.manager;
  }
}

/** A replica's log as stream LOG_<node>. */
export class NatsReplicaLog extends NatsLogStream implements ReplicaLog {
  constructor(options: StreamOptions) {
    super(options, streams.log(options.node));
  }

  async life(): Promise<LogLife | undefined> {
    const config = (await this.infoIfAny())?.config;
    if (config === undefined) return undefined;
    await this.putBack(config);
    const { metadata = {} } = config;
    const recovering = metadata[RECOVERING];
    const former = metadata[FORMER];
    return {
      id: metadata[LIFE] ?? '',
      recovering: recovering === undefined ? null : (JSON.parse(recovering) as Recovering),
      ...(former === undefined ? {} : { former: former.split(',') }),
    };
  }

  async create(life: LogLife): Promise<void> {
    const { node } = this.options;
    await add(await this.api(), {
      name: this.stream,
      description: `Dynats: the durable log of replica ${node}`,
      subjects: [subjects.log(node)],
      republish: { src: subjects.log(node), dest: subjects.applied(node) },
      deny_delete: true,
      metadata: metadataOf(life),
    });
  }

  async renew(life: LogLife): Promise<void> {
    const api = await this.api();
    const { config } = await this.info();
    await api.streams.update(this.stream, { ...config, metadata: metadataOf(life) });
  }

  async follow(onEntry: (entry: StreamEntry) => void): Promise<Subscription> {
    const subscription = this.connection.subscribe(subjects.applied(this.options.node), {
      callback: (error, message) => {
        if (error === null)
          onEntry({ sequence: Number(storedHeader(message.headers, 'Nats-Sequence')), data: message.data });
      },
    });
    await this.connection.flush();
    return subscription;
  }

  async isLocal(): Promise<boolean> {
    this.localOn ??= { server: '', isLocal: false };
    const server = this.connection.info?.server_id ?? '';
    if (this.localOn.server !== server) {
      const leader = (await this.info()).cluster?.leader;
      this.localOn = { server, isLocal: leader === this.connection.info?.server_name };
    }
    return this.localOn.isLocal;
  }

  /** The settings are told once for as long as they cannot be put back. */
  private async putBack(config: StreamConfig): Promise<void> {
    const { node, onPutBack } = this.options;
    const settings = toPutBack(node, config);
    const names = Object.keys(settings);
    if (names.length === 0) {
      this.refusedToPutBack = '';
      return;
    }
    try {
      await (await this.api()).streams.update(this.stream, { ...config, ...settings });
      onPutBack?.(names);
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error;
      if (this.refusedToPutBack !== names.join()) onPutBack?.(names, error);
      this.refusedToPutBack = names.join();
    }
  }

  private refusedToPutBack = '';
  private localOn: { server: string; isLocal: boolean } | undefined;
}

function metadataOf({ id, recovering, former = [] }: LogLife): Record<string, string> {
  return {
    [LIFE]: id,
    ...(recovering === null ? {} : { [RECOVERING]: JSON.stringify(recovering) }),
    ...(former.length === 0 ? {} : { [FORMER]: former.join(',') }),
  };
}

/** Makes a stream of one copy, with what both kinds have in common. */
export async function add(
  api: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  await api.streams.add({
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: 1,
    allow_direct: true,
    // A full stream refuses what is new; it never forgets what it acknowledged.
    discard: DiscardPolicy.New,
    ...config,
  });
}

export function stateOf({ state }: StreamInfo): StreamState {
  const firstSequence = Math.max(1, state.first_seq);
  return {
    firstSequence,
    lastSequence: state.last_seq,
    entries: state.messages,
    bytes: state.bytes,
    missing: Math.max(0, state.last_seq - firstSequence + 1 - state.messages),
  };
}
