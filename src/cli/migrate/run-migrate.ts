// One migration: copies what a KV bucket holds, follows its changes, keeps its position, compares, reports.
import type { NatsConnection } from '@nats-io/transport-node';
import type { BucketInfo, BucketSettings } from '../../client/buckets.js';
import type { Client } from '../../client/client.js';
import { formatDuration, formatElapsed } from '../../model/duration.js';
import { CliError, ExitCode } from '../exit.js';
import { counted, note, printJson, visible, warn } from '../output.js';
import { nodesClock } from '../transfer/life.js';
import { showProgress } from '../transfer/progress.js';
import { type Comparison, compareSides } from './compare.js';
import { Mover, type Tally } from './mover.js';
import { Position } from './position.js';
import { KvSource } from './source.js';

export interface MigrateOptions {
  /** The KV bucket, and the JetStream domain it is in. */
  readonly from: string;
  readonly domain: string | undefined;
  readonly bucket: string;
  /** Go on with what changes until `signal`; else end with what was there at the start. */
  readonly follow: boolean;
  /** Copy everything again, though an earlier run has come further. */
  readonly fromStart: boolean;
  readonly verify: boolean;
  readonly json: boolean;
  readonly shownMax: number;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

const SAVE_EVERY_MS = 1000;

interface Refused {
  readonly key: string;
  readonly revision: number;
  readonly why: string;
}

export async function runMigrate(
  client: Client,
  connection: NatsConnection,
  options: MigrateOptions,
): Promise<void> {
  const source = await KvSource.open(connection, options.from, options.domain);
  const target = await targetOf(client, source, options.bucket);
  await new Migration(client, source, target, options).run();
}

/** The bucket copied into; made like the one copied from when it is not there. */
async function targetOf(client: Client, source: KvSource, name: string): Promise<BucketInfo> {
  const known = (await client.buckets.list()).find(info => info.name === name);
  if (known === undefined) {
    const ttlMs = Math.round(source.maxAgeMs);
    const settings: BucketSettings = { partitioner: 'murmur3', ...(ttlMs > 0 ? { ttlMs } : {}) };
    const made = await client.buckets.create(name, settings);
    note(`made bucket ${name}${ttlMs > 0 ? `, whose records live for ${formatDuration(ttlMs)}` : ''}`);
    return made;
  }
  if (known.ttlMs !== undefined && source.maxAgeMs === 0)
    throw new CliError(
      ExitCode.Usage,
      `records of bucket ${name} live for ${formatDuration(known.ttlMs)}, those of KV bucket ${source.bucket} for ever: dynats bucket set ${name} --ttl 0, or choose another with --to-bucket`,
    );
  return known;
}

class Migration {
  private readonly refused: Refused[] = [];
  private savedAtMs = performance.now();
  private saved: number | undefined;
  private saving: Promise<void> | undefined;

  constructor(
    private readonly client: Client,
    private readonly source: KvSource,
    private readonly target: BucketInfo,
    private readonly options: MigrateOptions,
  ) {}

  async run(): Promise<void> {
    const { client, source, target, options } = this;
    const startedAtMs = performance.now();
    const nowMs = await nodesClock(client);
    const { streamId } = source;
    const of = { source: source.bucket, streamId, bucket: target.name, life: target.life };
    const position = new Position(client, of);
    this.saved = options.fromStart ? undefined : await position.load();
    if (this.saved !== undefined)
      note(`going on after revision ${this.saved}, which an earlier run had reached`);
    const mover = new Mover(
      client,
      {
        bucket: target.name,
        streamId,
        nowMs,
        patienceMs: options.patienceMs,
        onRefused: ({ key, revision }, { message }) => this.refused.push({ key, revision, why: message }),
      },
      this.saved ?? 0,
    );
    const isCaughtUp = await this.copy(mover, position).finally(() => this.save(mover, position, true));
    const elapsedMs = performance.now() - startedAtMs;
    const comparison = options.verify && isCaughtUp ? await this.compare(mover.position, nowMs) : undefined;
    this.report(mover, elapsedMs, isCaughtUp, comparison);
  }

  /** Resolves to whether everything was copied that was there when it began. */
  private async copy(mover: Mover, position: Position): Promise<boolean> {
    const { source, options, saved } = this;
    const { signal, follow } = options;
    const wanted = source.lastRevision;
    const changes = await source.changes(saved === undefined ? undefined : saved + 1);
    const progress = await showProgress('migrate', follow ? 0 : changes.count);
    const stop = () => changes.stop();
    signal.addEventListener('abort', stop, { once: true });
    let count = 0;
    let isCaughtUp = changes.count === 0;
    try {
      if (follow && isCaughtUp) note('caught up; following');
      if (!isCaughtUp || follow)
        for await (const { change, left } of changes) {
          await mover.add(change);
          progress.update(++count, count, this.refused.length);
          if (performance.now() - this.savedAtMs >= SAVE_EVERY_MS) this.save(mover, position);
          if (!isCaughtUp && (left === 0 || change.revision >= wanted)) {
            isCaughtUp = true;
            if (!follow) break;
            await mover.drain();
            await this.save(mover, position);
            note(`caught up at revision ${change.revision}; following, until it is interrupted`);
          }
          if (signal.aborted) break;
        }
      await mover.drain();
      if (!signal.aborted && follow)
        throw new CliError(ExitCode.CannotConnect, this.goOn('the KV bucket can be read no more', mover));
    } finally {
      changes.stop();
      signal.removeEventListener('abort', stop);
      progress.stop();
    }
    return isCaughtUp;
  }

  private async save(mover: Mover, position: Position, isLast = false): Promise<void> {
    this.savedAtMs = performance.now();
    await this.saving;
    const revision = mover.position;
    if (revision === 0 || revision === this.saved) return;
    // Without it the next run does what this one did once more, which changes nothing.
    this.saving = position.save(revision).then(
      () => {
        this.saved = revision;
      },
      (error: unknown) => {
        if (isLast) warn(`how far it has come cannot be kept (${String(error)}): the next run begins anew`);
      },
    );
    await this.saving;
  }

  private async compare(copiedTo: number, nowMs: () => number): Promise<Comparison> {
    const { client, source, target } = this;
    const entries = await source.changes();
    const progress = await showProgress('verify', entries.count);
    try {
      return await compareSides(client, {
        bucket: target.name,
        streamId: source.streamId,
        entries,
        copiedTo,
        nowMs,
        patienceMs: this.options.patienceMs,
        onProgress: (compared, different) => progress.update(compared, compared, different),
      });
    } finally {
      entries.stop();
      progress.stop();
    }
  }

  private report(mover: Mover, elapsedMs: number, isCaughtUp: boolean, compared?: Comparison): void {
    const { source, target, options, refused } = this;
    const { tally, position } = mover;
    refused.sort((a, b) => a.revision - b.revision);
    for (const { key, revision, why } of refused.slice(0, options.shownMax))
      warn(`refused: ${visible(key)} (revision ${revision}): ${why}`);
    const more = refused.length - options.shownMax;
    if (more > 0) warn(`... and ${more} more`);
    note(`${summary(tally)} in ${formatElapsed(elapsedMs)}: ${source.bucket} up to revision ${position}`);
    if (compared !== undefined) reportComparison(compared, options.shownMax);
    if (options.json)
      printJson({ from: source.bucket, to: target.name, revision: position, ...tally, refused, compared });
    if (!isCaughtUp) throw new CliError(ExitCode.Interrupted, this.goOn('interrupted', mover));
    if (compared !== undefined && compared.different.length > 0)
      throw new CliError(
        ExitCode.Unexpected,
        `${counted(compared.different.length, 'key')} different: repeat it with --from-start; docs/MIGRATION.md says what may be left`,
      );
    if (refused.length > 0)
      throw new CliError(
        ExitCode.LevelNotReached,
        `${counted(refused.length, 'entry')} not taken: make them smaller in KV and repeat it with --from-start`,
      );
  }

  private goOn(what: string, mover: Mover): string {
    return `${what} at revision ${mover.position}: repeat the command, it goes on from there`;
  }
}

function summary(tally: Tally): string {
  const parts = [
    `${counted(tally.put, 'value')} and ${counted(tally.deleted, 'delete')} stored`,
    ...(tally.there > 0 ? [`${tally.there} there already`] : []),
    ...(tally.superseded > 0 ? [`${tally.superseded} replaced by later ones`] : []),
    ...(tally.direct > 0 ? [`${tally.direct} left as written directly since`] : []),
    ...(tally.expired > 0 ? [`${tally.expired} expired`] : []),
    ...(tally.refused > 0 ? [`${tally.refused} refused`] : []),
  ];
  return parts.join(', ');
}

function reportComparison({ same, direct, newer, different }: Comparison, shownMax: number): void {
  for (const { key, why } of different.slice(0, shownMax)) warn(`different: ${visible(key)}: ${why}`);
  if (different.length > shownMax) warn(`... and ${different.length - shownMax} more`);
  const parts = [
    `verified: ${counted(same, 'key')} the same`,
    `${different.length} different`,
    ...(direct > 0 ? [`${direct} written directly`] : []),
    ...(newer > 0 ? [`${newer} changed in KV meanwhile`] : []),
  ];
  note(parts.join(', '));
}
