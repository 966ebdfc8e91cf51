// One session of a client: reads see what the session wrote and never go back, at level ONE too, whoever coordinates.
import { InvalidRequestError } from '../errors.js';
import { SessionMemory } from '../model/session.js';
import type { GetReply, PutReply } from '../wire/generated/types.js';
import { checkKey } from '../wire/requests.js';
import { ttlOf } from './arguments.js';
import type { Client, PutOptions, RequestOptions, Session } from './client.js';
import { Entry } from './entry.js';

/** Keys a session tells apart in this process; those it used longest ago are read with more owners than the level needs. */
const KEYS_MAX = 16_384;

export type SessionOptions = Omit<RequestOptions, 'session'>;

export class ClientSession implements Session {
  private readonly memory: SessionMemory;

  /**
   * @param bucket default bucket of the client.
   * @param token what `token` said of the session that this one goes on with; empty for a new one.
   */
  constructor(
    private readonly client: Pick<Client, 'put' | 'delete' | 'read'>,
    private readonly bucket: string,
    token = '',
  ) {
    this.memory = parseToken(token, KEYS_MAX);
  }

  get token(): string {
    return this.memory.token();
  }

  async put(
    key: string | number,
    value: string | Uint8Array,
    options: SessionOptions & Pick<PutOptions, 'ttlMs'> = {},
  ): Promise<PutReply> {
    const request = { ...this.with(key, options), ...ttlOf(options) };
    return this.learn(key, options, await this.client.put(key, value, request));
  }

  async delete(key: string | number, options: SessionOptions = {}): Promise<PutReply> {
    return this.learn(key, options, await this.client.delete(key, this.with(key, options)));
  }

  async read(key: string | number, options: SessionOptions = {}): Promise<GetReply> {
    return this.learn(key, options, await this.client.read(key, this.with(key, options)));
  }

  async get(key: string | number, options: SessionOptions = {}): Promise<Entry | undefined> {
    return Entry.of(options.bucket ?? this.bucket, await this.read(key, options));
  }

  /** Only what is known of this key travels with the request. */
  private with(key: string | number, options: SessionOptions): RequestOptions {
    const bucket = options.bucket ?? this.bucket;
    return { ...options, session: this.memory.about(bucket, checkKey(key, 'key')) };
  }

  private learn<Reply extends PutReply | GetReply>(
    key: string | number,
    options: SessionOptions,
    reply: Reply,
  ): Reply {
    this.memory.learn(options.bucket ?? this.bucket, checkKey(key, 'key'), reply.session ?? '');
    return reply;
  }
}

/** @throws InvalidRequestError */
export function parseToken(token: string, keysMax?: number): SessionMemory {
  try {
    return SessionMemory.parse(token, keysMax);
  } catch (cause) {
    throw new InvalidRequestError('session', 'session is not a token that this store gave', { cause });
  }
}
