// What the commands for backups share: signals, patience, errors, and what a file holds in words.

import { BackupError } from '../../backup/backup-error.js';
import type { Verified } from '../../backup/read.js';
import { UnavailableError } from '../../errors.js';
import { type ConnectionFlags, parseTimeoutMs } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { counted, print } from '../output.js';
import { formatBytes } from '../size.js';

/** Aborts when this process is asked to stop, until it is disposed of. */
export function abortOnSignals(): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.off('SIGINT', abort).off('SIGTERM', abort),
  };
}

/** A page or write is waited for as long as the person says; else as long as a node takes to fail and be replaced. */
export function patienceOf({ timeout }: ConnectionFlags): { timeoutMs?: number } {
  const said = timeout ?? process.env['NATS_TIMEOUT'];
  return said === undefined || said === '' ? {} : { timeoutMs: parseTimeoutMs(said) };
}

/** What is wrong with a file, or the place for it, is for the person to put right. */
export function asFileError(error: unknown): unknown {
  // Its level is not what keeps it from finding the bucket, and a lower one would leave out what it is to hold.
  if (error instanceof UnavailableError)
    return new CliError(
      ExitCode.LevelNotReached,
      `UNAVAILABLE: ${error.message}: see dynats status for who is down, start it, and repeat`,
      { cause: error },
    );
  return error instanceof BackupError ? new CliError(ExitCode.Usage, error.message, { cause: error }) : error;
}

export function describeBackup(file: string, bytes: number, { header, end }: Verified): void {
  const at = (time: number) => new Date(Math.floor(time / 1000)).toISOString();
  const { cluster, bucket, level, settings } = header;
  print(
    `${file} is whole: ${counted(end.records - end.tombstones, 'key')} and ${counted(end.tombstones, 'delete')} in ${counted(end.blocks, 'block')}, ${formatBytes(bytes)}`,
  );
  print(
    `of bucket ${bucket} (${settings.partitioner}, rf ${settings.replicationFactor}) of cluster ${cluster}`,
  );
  print(`read at ${level} from ${at(header.startedAt)} to ${at(end.endedAt)}`);
}
