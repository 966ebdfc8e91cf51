// The KV bucket that is migrated: its stream, read in order by a consumer that keeps nothing on the server.
import { createHash } from 'node:crypto';
import type { ConsumerMessages, JetStreamClient, JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { CliError, ExitCode } from '../exit.js';
import { type Change, changeOf } from './change.js';

/** Code of the server's answer for a stream that does not exist. */
const STREAM_NOT_FOUND = 10059;
const MESSAGES_AHEAD = 1000;

/** A change, and how many more the stream holds at that moment. */
export interface Delivered {
  readonly change: Change;
  readonly left: number;
}

/** Changes as they come, for ever, until `stop`. */
export interface Changes extends AsyncIterable<Delivered> {
  /** How many there were when it began. */
  readonly count: number;
  stop(): void;
}

export class KvSource {
  private constructor(
    private readonly client: JetStreamClient,
    private readonly manager: JetStreamManager,
    /** The bucket's name. */
    readonly bucket: string,
    private info: StreamInfo,
  ) {}

  /** @throws CliError when there is no such bucket. */
  static async open(
    connection: NatsConnection,
    bucket: string,
    domain: string | undefined,
  ): Promise<KvSource> {
    const { jetstream, jetstreamManager, JetStreamApiError } = await import('@nats-io/jetstream');
    const options = domain === undefined ? {} : { domain };
    const manager = await jetstreamManager(connection, { ...options, checkAPI: false });
    const client = jetstream(connection, options);
    try {
      return new KvSource(client, manager, bucket, await manager.streams.info(`KV_${bucket}`));
    } catch (cause) {
      if (cause instanceof JetStreamApiError && cause.code === STREAM_NOT_FOUND)
        throw new CliError(
          ExitCode.Usage,
          `there is no KV bucket ${bucket} on ${connection.getServer()}: see nats kv ls, or name its domain with --from-domain`,
          { cause },
        );
      throw new CliError(
        ExitCode.CannotConnect,
        `JetStream on ${connection.getServer()} does not tell of bucket ${bucket} (${cause instanceof Error ? cause.message : cause}): may this user manage streams there?`,
        { cause },
      );
    }
  }

  /** Names this life of the stream: a bucket that is deleted and made anew counts its revisions from 1 again. */
  get streamId(): string {
    const { config, created } = this.info;
    return createHash('sha256').update(`${config.name} ${created}`).digest('hex').slice(0, 10);
  }

  /** Lives of all entries in milliseconds, 0 for ever. */
  get maxAgeMs(): number {
    return Number(this.info.config.max_age ?? 0) / 1e6;
  }

  /** Revision of the newest entry, 0 for none, when it was last asked. */
  get lastRevision(): number {
    return this.info.state.last_seq;
  }

  /** Asks the server anew. */
  async refresh(): Promise<void> {
    this.info = await this.manager.streams.info(this.info.config.name);
  }

  /**
   * With `from`, every entry of that revision or a later one; without, the last entry of each key. Then what comes, in order.
   * A mirror holds the subjects of the bucket it mirrors.
   */
  async changes(from?: number): Promise<Changes> {
    const { DeliverPolicy } = await import('@nats-io/jetstream');
    const { config } = this.info;
    const prefix = `$KV.${(config.mirror?.name ?? config.name).replace(/^KV_/, '')}.`;
    const consumer = await this.client.consumers.get(config.name, {
      filter_subjects: `${prefix}>`,
      ...(from === undefined
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }),
    });
    const count = (await consumer.info(true)).num_pending;
    const messages = await consumer.consume({
      max_messages: MESSAGES_AHEAD,
      abort_on_missing_resource: true,
    });
    return new Delivery(messages, count, prefix, this.maxAgeMs);
  }
}

class Delivery implements Changes {
  constructor(
    private readonly messages: ConsumerMessages,
    readonly count: number,
    private readonly prefix: string,
    private readonly maxAgeMs: number,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Delivered> {
    for await (const message of this.messages) {
      yield { change: changeOf(message, this.prefix, this.maxAgeMs), left: message.info.pending };
    }
  }

  stop(): void {
    this.messages.stop();
  }
}
