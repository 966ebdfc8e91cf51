// Takes a backup of a bucket: scans it at a level, page by page, while it is in use. Tombstones are kept as well: a key that was
// deleted is known to be.
import { createHash } from 'node:crypto';
import type { Client } from '../client/client.js';
import { Level } from '../model/level.js';
import type { BackupEnd, BackupHeader } from '../wire/generated/types.js';
import { encodeLine } from './line.js';
import { NewFile } from './new-file.js';
import { FORMAT } from './read.js';

export interface BackupOptions {
  /** Takes the place of what is there, once the backup is whole. */
  readonly file: string;
  readonly bucket: string;
  /** Every write that this level meets, and that was acknowledged before the backup began, is in it. Default QUORUM. */
  readonly level?: Level | undefined;
  /** Deadline of each page in milliseconds; default 10000. */
  readonly timeoutMs?: number;
  readonly onProgress?: (records: number) => void;
  /** Ends it, and leaves no file. */
  readonly signal?: AbortSignal | undefined;
}

/** Records of a block: a page of the scan. A node ends a page early when it would outgrow a message. */
const BLOCK_RECORDS = 512;
const TIMEOUT_MS = 10_000;
const ID_LENGTH = 12;

/**
 * Each key stands in it once, as a read at `level` would have found it some time between start and end. Keys are not of one
 * moment: of two writes made while it runs the later one may be in it and the earlier one not.
 *
 * @throws BackupError when the file cannot be written; DynatsError when too few owners of some keys answer.
 */
export async function takeBackup(client: Client, options: BackupOptions): Promise<Omit<BackupEnd, 'crc32'>> {
  const { bucket, level = Level.Quorum, timeoutMs = TIMEOUT_MS, signal } = options;
  const { life, name: _, change: __, dropped: ___, ...settings } = await client.buckets.info(bucket);
  const { cluster, now } = await client.cluster();
  const heardAt = performance.now();
  const nodesNow = () => Math.floor((now + performance.now() - heardAt) * 1000);
  const header: Omit<BackupHeader, 'crc32'> = {
    dynats: 'backup',
    format: FORMAT,
    id: newId(),
    cluster: cluster.name,
    bucket,
    life,
    level,
    startedAt: nodesNow(),
    settings,
  };
  const file = await NewFile.open(options.file);
  try {
    const hash = createHash('sha256');
    const write = async (content: object) => {
      const line = encodeLine(content);
      hash.update(line);
      await file.write(line);
    };
    await write(header);
    const counts = { blocks: 0, records: 0, tombstones: 0 };
    const scan = { bucket, level, timeoutMs, deleted: true, pageSize: BLOCK_RECORDS };
    for await (const { records } of client.scanPages(scan)) {
      signal?.throwIfAborted();
      if (records.length === 0) continue;
      await write({ block: ++counts.blocks, records });
      counts.records += records.length;
      counts.tombstones += records.filter(({ deleted }) => deleted === true).length;
      options.onProgress?.(counts.records);
    }
    const end = { ...counts, sha256: hash.digest('hex'), endedAt: nodesNow() };
    await file.write(encodeLine(end));
    await file.commit();
    return end;
  } catch (error) {
    await file.discard();
    throw error;
  }
}

function newId(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const bytes = crypto.getRandomValues(new Uint8Array(ID_LENGTH));
  return Array.from(bytes, byte => alphabet[byte % alphabet.length]).join('');
}
