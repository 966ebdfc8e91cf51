// One export: every key of a bucket once, with its newest version, merged over all nodes.

import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Client } from '../../client/client.js';
import { formatElapsed } from '../../model/duration.js';
import { Level, requiredOwners } from '../../model/level.js';
import { PartitionerName } from '../../model/partitioner.js';
import { isGone } from '../../model/record.js';
import type { Ring } from '../../model/ring.js';
import type { ClusterDefinition, ClusterReply, WireRecord } from '../../wire/generated/types.js';
import type { Activity } from '../activity.js';
import { ringOf } from '../bucket-ring.js';
import { CliError, ExitCode } from '../exit.js';
import { LineWriter } from '../line-writer.js';
import { counted, jsonLine, note, printJson } from '../output.js';
import { mergeByKey } from '../replicas/merge.js';
import { clusterView, recordsOf } from '../replicas/pages.js';
import { readableNodes } from '../replicas/readable-nodes.js';
import { newestOf } from '../replicas/verdict.js';
import { Format } from './format.js';
import { keysEstimate } from './keys-estimate.js';
import { expiryText } from './life.js';
import { showProgress } from './progress.js';

export interface ExportOptions {
  /** Path, or `-` for stdout. */
  file: string;
  format: Format;
  bucket: string;
  /** Prints the outcome as JSON. */
  json: boolean;
}

export async function runExport(
  client: Client,
  options: ExportOptions,
  activity: Pick<Activity, 'at' | 'interrupted'>,
): Promise<void> {
  const view = await clusterView(client);
  const nodes = completeNodes(view, options.bucket);
  const target = await openTarget(options.file);
  const progress = await showProgress(
    'export',
    await keysEstimate(client, nodes, view.cluster, options.bucket),
  );
  const start = performance.now();
  let count = 0;
  activity.at = '';
  activity.interrupted = () => {
    progress.stop();
    target.discard();
    return options.file === '-'
      ? `${counted(count, 'key')} were written, the rest was not`
      : `${options.file} was not written`;
  };
  try {
    const lines = new LineWriter(target.stream);
    if (options.format === Format.Csv) await lines.line((await import('./csv.js')).csvHeader);
    const lineOf = await lineMaker(options.format);
    for await (const { copies } of mergeByKey(
      new Map(nodes.map(node => [node, recordsOf(client, node, options.bucket)])),
    )) {
      const newest = newestOf(copies.values());
      if (newest === undefined || isGone(newest, view.time)) continue;
      await lines.line(lineOf(newest));
      progress.update(++count, count, 0);
    }
    await lines.flush();
    await target.commit();
  } catch (error) {
    target.discard();
    throw error;
  } finally {
    progress.stop();
  }
  const tookMs = Math.round(performance.now() - start);
  note(`exported ${counted(count, 'key')} in ${formatElapsed(tookMs)}`);
  if (options.json) printJson({ file: options.file, bucket: options.bucket, keys: count, tookMs });
}

/**
 * The nodes to read, when together they hold the newest version of every key that a quorum has acknowledged.
 *
 * @throws CliError when too few are there: an export that lacks keys must not look like a whole one.
 */
export function completeNodes(view: ClusterReply, bucket: string): string[] {
  const { readable, others } = readableNodes(view);
  const ring = ringOf(view.cluster, bucket);
  // A quorum read meets every quorum write.
  const needed = requiredOwners(Level.Quorum, ring.replicationFactor);
  const fewest = fewestReadableOwners(ring, view.cluster, bucket, new Set(readable));
  if (fewest >= needed) return readable;
  const missing = others.map(each => `${each.node} ${each.state}`).join(', ');
  throw new CliError(
    ExitCode.LevelNotReached,
    `cannot export completely: some keys have ${fewest} of ${ring.replicationFactor} owners readable and need ${needed} (${missing}): start the nodes (dynats restart ${others[0]?.node ?? '<node>'}) and repeat`,
  );
}

function fewestReadableOwners(
  ring: Ring,
  cluster: ClusterDefinition,
  bucket: string,
  readable: ReadonlySet<string>,
): number {
  const partitioner = cluster.buckets?.[bucket]?.partitioner ?? cluster.partitioner;
  const count = (key: string) => ring.owners(key).filter(node => readable.has(node)).length;
  // Its tokens are 0 to 255 and the keys of these numbers have them all.
  if (partitioner === PartitionerName.ByteOrdered)
    return Math.min(...Array.from({ length: 256 }, (_, token) => count(String(token))));
  // With virtual nodes any nodes may be owners of one key together.
  const down = ring.nodes.filter(node => !readable.has(node)).length;
  return Math.max(0, ring.replicationFactor - down);
}

async function lineMaker(format: Format): Promise<(record: WireRecord) => string> {
  if (format === Format.Ndjson)
    return ({ key, value, base64, expiresAt }) =>
      jsonLine({
        key,
        ...(value === undefined ? { base64: base64 ?? '' } : { value }),
        ...(expiresAt === undefined ? {} : { expiresAt: expiryText(expiresAt) }),
      });
  const { csvLine } = await import('./csv.js');
  return ({ key, value, base64, expiresAt }) =>
    csvLine({ key, value, base64, expiresAt: expiresAt === undefined ? '' : expiryText(expiresAt) });
}

interface Target {
  stream: NodeJS.WritableStream;
  /** All is written: the file gets its name. */
  commit(): Promise<void>;
  discard(): void;
}

/** A file gets its name only when it is whole, so that a broken export never looks like one. */
async function openTarget(file: string): Promise<Target> {
  if (file === '-') return { stream: process.stdout, commit: async () => {}, discard: () => {} };
  const partial = `${file}.partial`;
  const stream = createWriteStream(partial);
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new CliError(
      ExitCode.Usage,
      `${partial} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}): check the path`,
      { cause },
    );
  }
  let failure: Error | undefined;
  stream.on('error', error => {
    failure = error;
  });
  return {
    stream,
    commit: async () => {
      if (failure !== undefined) throw failure;
      stream.end();
      await finished(stream);
      renameSync(partial, file);
    },
    discard: () => {
      stream.destroy();
      rmSync(partial, { force: true });
    },
  };
}
