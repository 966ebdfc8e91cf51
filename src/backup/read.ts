// Reads a backup and checks it: each line by its checksum and schema, their order, and the file as a whole by its end.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { compareKeys } from '../model/key-order.js';
import type { BackupBlock, BackupEnd, BackupHeader } from '../wire/generated/types.js';
import { backupBlock, backupEnd, backupHeader, type Validator } from '../wire/generated/validators.js';
import { BackupError } from './backup-error.js';
import { decodeLine, linesOf } from './line.js';

/** The format that this reads and writes. */
export const FORMAT = 1;

export type BackupRecord = BackupBlock['records'][number];

export interface BackupPart {
  readonly header: BackupHeader;
  readonly records: readonly BackupRecord[];
  /** Bytes of the file up to here. */
  readonly bytesRead: number;
}

const NEWLINE = Buffer.from('\n');

/** What a backup holds, by its own end line. */
export type Verified = { readonly header: BackupHeader; readonly end: BackupEnd };

/**
 * The blocks of a backup. What has been given out may yet turn out to be of a file that was cut off: who acts on it checks
 * the whole file first, with `verifyBackup`.
 *
 * @throws BackupError that names the line at fault.
 */
export async function* readBackup(file: string): AsyncGenerator<BackupPart, Verified> {
  const hash = createHash('sha256');
  let header: BackupHeader | undefined;
  let end: BackupEnd | undefined;
  let blocks = 0;
  let records = 0;
  let tombstones = 0;
  let lastKey: string | undefined;
  let lineNumber = 0;
  let bytesRead = 0;
  for await (const { bytes, isWhole } of linesOf(chunksOf(file))) {
    const at = `${file}, line ${++lineNumber}`;
    if (end !== undefined) throw new BackupError(`${at}: something follows the end of the backup`);
    if (!isWhole) throw cutOff(file, header === undefined ? undefined : blocks);
    bytesRead += bytes.length + 1;
    const json = jsonOf(bytes, at, header === undefined);
    if (header === undefined) header = headerOf(json, at);
    else if (isEnd(json)) {
      end = checked(backupEnd, json, at);
      if (end.sha256 !== hash.digest('hex')) throw unlike(at, 'the bytes before it');
      if (end.blocks !== blocks || end.records !== records || end.tombstones !== tombstones)
        throw unlike(at, `${blocks} blocks of ${records} records`);
      continue;
    } else {
      const block = checked(backupBlock, json, at);
      if (block.block !== ++blocks)
        throw new BackupError(
          `${at}: block ${block.block} stands where block ${blocks} belongs: lines are missing or out of place`,
        );
      for (const { key, deleted } of block.records) {
        if (lastKey !== undefined && compareKeys(lastKey, key) >= 0)
          throw new BackupError(`${at}: its keys are out of order`);
        lastKey = key;
        records++;
        if (deleted === true) tombstones++;
      }
      yield { header, records: block.records, bytesRead };
    }
    hash.update(bytes).update(NEWLINE);
  }
  if (header === undefined) throw new BackupError(`${file} is empty: it is no backup`);
  if (end === undefined) throw cutOff(file, blocks);
  return { header, end };
}

/** Reads all of it. @throws BackupError that names the line at fault. */
export async function verifyBackup(
  file: string,
  onProgress: (bytesRead: number, records: number) => void = () => {},
): Promise<Verified> {
  const parts = readBackup(file);
  for (let records = 0; ; ) {
    const next = await parts.next();
    if (next.done === true) return next.value;
    records += next.value.records.length;
    onProgress(next.value.bytesRead, records);
  }
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new BackupError(`${file} cannot be read (${code}): check the path`, { cause });
  }
}

function jsonOf(bytes: Uint8Array, at: string, isFirst: boolean): unknown {
  const line = decodeLine(bytes);
  if ('json' in line) return line.json;
  if (isFirst && bytes[0] !== '{'.charCodeAt(0))
    throw new BackupError(`${at}: this is no backup; dynats import reads NDJSON and CSV`);
  throw new BackupError(`${at} is damaged: ${line.fault}. Restore another copy of the file`);
}

function headerOf(json: unknown, at: string): BackupHeader {
  // Of a newer format the rest need not be as it is in this one.
  const format = (json as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format !== FORMAT)
    throw new BackupError(
      `${at}: the backup has format ${format}, and this dynats reads ${FORMAT}: use the version that wrote it, or a newer one`,
    );
  return checked(backupHeader, json, at);
}

function isEnd(json: unknown): boolean {
  return json !== null && typeof json === 'object' && 'sha256' in json;
}

/** Its checksum fits: whoever wrote it did not keep the format. */
function checked<T>(validator: Validator<T>, json: unknown, at: string): T {
  if (validator(json)) return json;
  const { instancePath = '', message = 'not valid' } = validator.errors?.[0] ?? {};
  throw new BackupError(`${at} is not as a backup has it: ${`${instancePath} ${message}`.trim()}`);
}

function cutOff(file: string, blocks: number | undefined): BackupError {
  const where = blocks === undefined ? 'within its first line' : `after block ${blocks}, without an end line`;
  return new BackupError(`${file} was cut off: it ends ${where}. Restore another copy of the file`);
}

function unlike(at: string, what: string): BackupError {
  return new BackupError(`${at}: the end of the backup does not fit ${what}. Restore another copy`);
}
