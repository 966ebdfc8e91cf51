// How far a bucket has been copied, kept in Dynats itself: whoever goes on, from whatever machine, finds it.
import type { Client } from '../../client/client.js';

/** The bucket in which positions are kept. */
export const POSITIONS = 'migrations';

export interface PositionOf {
  /** The KV bucket, and the life of its stream. */
  readonly source: string;
  readonly streamId: string;
  /** The bucket copied into, and which life of it: one that was dropped holds nothing of what was copied. */
  readonly bucket: string;
  readonly life: number;
}

export class Position {
  private readonly key: string;

  constructor(
    private readonly client: Pick<Client, 'put' | 'get' | 'buckets'>,
    of: PositionOf,
  ) {
    this.key = `${of.source}.${of.streamId}/${of.bucket}~${of.life}`;
  }

  /** The revision up to which everything has been copied; undefined when nothing is known. */
  async load(): Promise<number | undefined> {
    const known = await this.client.buckets.list();
    if (!known.some(({ name }) => name === POSITIONS))
      await this.client.buckets.create(POSITIONS, { partitioner: 'murmur3' });
    const entry = await this.client.get(this.key, { bucket: POSITIONS, level: 'QUORUM' });
    const revision = entry?.json<{ revision?: unknown }>().revision;
    return Number.isSafeInteger(revision) ? Number(revision) : undefined;
  }

  async save(revision: number): Promise<void> {
    const value = JSON.stringify({ revision, at: new Date().toISOString() });
    await this.client.put(this.key, value, { bucket: POSITIONS, level: 'QUORUM' });
  }
}
