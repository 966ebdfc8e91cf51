// The bucket definitions this process knows. They only ever move forward: to a later change, to the end of a life, to a
// later life; so they may come in any order, from the log, from a peer or from a quorum read.
import { compareBytes, utf8 } from '#platform/bytes';
import { crc32 } from '#platform/checksum';
import { definitionTime, lifeName, parseLife } from '../model/bucket.js';
import { compareVersions, type Version } from '../model/record.js';
import { definitionOf } from '../wire/bucket-record.js';
import type { BucketDefinition, ClusterDefinition, WireRecord } from '../wire/generated/types.js';
import { DEFAULT_BUCKET } from '../wire/requests.js';
import type { Rings } from './coordination.js';

/** A bucket, or, once it is dropped, what is left of it. */
export interface Bucket {
  readonly name: string;
  /** What its records carry in place of the name. */
  readonly life: string;
  readonly definition: BucketDefinition;
  readonly version: Version;
}

export class Catalog {
  private readonly buckets = new Map<string, Bucket>();
  /** The values that the definitions came as. */
  private readonly texts = new Map<string, string>();
  private readonly listeners: ((life: string) => void)[] = [];
  private sum: string | undefined;
  /** What `isOver` found of each life, as long as no definition changes: it is asked for every record. */
  private readonly over = new Map<string, boolean>();

  constructor(
    cluster: ClusterDefinition,
    private readonly rings: Rings,
  ) {
    this.adopt(cluster);
  }

  /** Takes up the buckets of a cluster's definition, as far as it is news. */
  adopt({ buckets = {} }: ClusterDefinition): void {
    for (const [name, definition] of Object.entries({ [DEFAULT_BUCKET]: {}, ...buckets }))
      this.put(name, definition, { time: definitionTime(definition), writer: '' });
  }

  /** The bucket of this name; undefined when none is known here, or it was dropped. */
  find(name: string): Bucket | undefined {
    const bucket = this.buckets.get(name);
    return bucket?.definition.dropped === true ? undefined : bucket;
  }

  /** As `find`, dropped ones too. */
  last(name: string): Bucket | undefined {
    return this.buckets.get(name);
  }

  /** Every bucket that is not dropped, by name. */
  all(): Bucket[] {
    return [...this.buckets.values()]
      .filter(({ definition }) => definition.dropped !== true)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The buckets as they stand in a cluster's definition. */
  definitions(): NonNullable<ClusterDefinition['buckets']> {
    // Of a bucket as the cluster's own definition has it there is nothing to say.
    const told = this.all().filter(({ name, definition }) => name !== DEFAULT_BUCKET || definition.change);
    return Object.fromEntries(told.map(({ name, definition }) => [name, definition]));
  }

  /** Whether a life is known to be over. */
  isOver(text: string): boolean {
    let isOver = this.over.get(text);
    if (isOver === undefined) {
      isOver = this.hasEnded(text);
      this.over.set(text, isOver);
    }
    return isOver;
  }

  private hasEnded(text: string): boolean {
    const { name, life } = parseLife(text);
    const known = this.buckets.get(name)?.definition;
    if (known === undefined) return false;
    return life < (known.life ?? 0) || (life === (known.life ?? 0) && known.dropped === true);
  }

  /** Checksum of all that was ever defined beside the cluster's own definition. Equal on processes that know the same. */
  get checksum(): string {
    this.sum ??= crc32(
      [...this.buckets.values()]
        .filter(({ version }) => version.writer !== '')
        .map(({ name, version }) => `${name} ${version.time} ${version.writer}`)
        .sort()
        .join('\n'),
    )
      .toString(16)
      .padStart(8, '0');
    return this.sum;
  }

  /** Called with each life that begins or ends, or whose settings change. */
  onChange(listener: (life: string) => void): void {
    this.listeners.push(listener);
  }

  /** Takes up a record of the bucket of buckets. @returns whether it was news. */
  learn(record: WireRecord): boolean {
    const definition = definitionOf(record);
    if (definition === undefined) return false;
    return this.put(record.key, definition, { time: record.time, writer: record.writer }, record.value);
  }

  /** @param text the value it came as: of one version with two values the replicas keep the larger, and so must this. */
  private put(name: string, definition: BucketDefinition, version: Version, text = ''): boolean {
    const known = this.buckets.get(name);
    if (known !== undefined && this.isNoNews(version, text, known)) return false;
    const life = lifeName(name, definition.life ?? 0);
    this.buckets.set(name, { name, life, definition, version });
    this.texts.set(name, text);
    this.sum = undefined;
    this.over.clear();
    if (known !== undefined && known.life !== life) this.end(known.life);
    if (definition.dropped === true) this.end(life);
    else this.rings.define(life, definition);
    for (const listener of this.listeners) listener(life);
    return true;
  }

  private isNoNews(version: Version, text: string, known: Bucket): boolean {
    const order = compareVersions(version, known.version);
    if (order !== 0) return order < 0;
    return compareBytes(utf8(text), utf8(this.texts.get(known.name) ?? '')) <= 0;
  }

  private end(life: string): void {
    this.rings.remove(life);
    for (const listener of this.listeners) listener(life);
  }
}
