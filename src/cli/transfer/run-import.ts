// One import: reads the file, sends its entries, keeps the checkpoint, reports.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Client } from '../../client/client.js';
import { type DynatsError, ErrorCode } from '../../errors.js';
import type { Level } from '../../model/level.js';
import { formatDuration } from '../duration.js';
import { CliError, ExitCode } from '../exit.js';
import { note } from '../output.js';
import { Checkpoint, DonePrefix } from './checkpoint.js';
import type { Entry, FieldNames } from './entry.js';
import { Failures } from './failures.js';
import { Format } from './format.js';
import { Pump } from './importer.js';
import { showProgress } from './progress.js';

export interface ImportOptions extends FieldNames {
  /** Path, or `-` for stdin. */
  file: string;
  format: Format;
  level: Level;
  bucket: string;
  concurrency: number;
  resume: boolean;
  failedFile: string | undefined;
  shownMax: number;
  /** Stops reading; what is in flight is settled and the checkpoint kept. */
  signal: AbortSignal;
}

const checkpointEveryMs = 1000;

/** Opened before connecting: a file that is not there is reported at once. */
export function openInput(file: string): { stream: Readable; bytes: number } {
  if (file === '-') return { stream: process.stdin, bytes: 0 };
  try {
    const stat = statSync(file);
    if (!stat.isDirectory())
      return {
        stream: createReadStream(file, { highWaterMark: 256 * 1024 }),
        bytes: stat.isFile() ? stat.size : 0,
      };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CliError(ExitCode.Usage, `${file} cannot be read (${code ?? 'unknown'}): check the path`, {
      cause,
    });
  }
  throw new CliError(ExitCode.Usage, `${file} is a directory: name a file in it`);
}

export async function runImport(
  client: Client,
  input: { stream: Readable; bytes: number },
  options: ImportOptions,
): Promise<void> {
  const { file, signal } = options;
  const checkpoint = file !== '-' && input.bytes > 0 ? new Checkpoint(file, options.bucket) : undefined;
  const skip = skipped(checkpoint, options);
  const failures = new Failures({ file: options.failedFile, shownMax: options.shownMax });
  const prefix = new DonePrefix(skip);
  const progress = await showProgress('import', input.bytes);
  const start = performance.now();
  let stored = 0;
  let saved = start;
  const pump = new Pump(client, {
    ...options,
    onSettled: async (index: number, entry: Entry, failure: DynatsError | undefined) => {
      if (failure === undefined) stored++;
      else await failures.refused(entry, failure);
      // What is refused as invalid stays so; anything else is worth another try.
      if (failure === undefined || failure.code === ErrorCode.InvalidRequest) prefix.finish(index);
      else prefix.fail(index);
      if (failure?.code === ErrorCode.Closed)
        throw new CliError(
          ExitCode.CannotConnect,
          'the connection was closed during the import: go on with --resume',
          { cause: failure },
        );
    },
  });
  try {
    let index = 0;
    const entries = await entriesOf(addAbortSignal(signal, input.stream), options);
    try {
      for await (const parsed of entries) {
        const at = index++;
        if (at < skip) continue;
        if ('problem' in parsed) {
          await failures.unreadable(parsed);
          prefix.finish(at);
        } else await pump.add(at, parsed);
        progress.update(parsed.bytesRead, at + 1 - skip, failures.count);
        if (performance.now() - saved < checkpointEveryMs) continue;
        checkpoint?.save(prefix.done);
        saved = performance.now();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await pump.drain();
  } finally {
    progress.stop();
    checkpoint?.save(prefix.done);
    await failures.close();
  }
  for (const line of failures.shown) note(line);
  if (failures.count > failures.shown.length)
    note(
      `... and ${failures.count - failures.shown.length} more${options.failedFile === undefined ? ' (--failed FILE keeps all)' : ` in ${options.failedFile}`}`,
    );
  const elapsed = performance.now() - start;
  note(
    `imported ${stored} entries in ${formatDuration(elapsed)} (${Math.round((1000 * stored) / Math.max(1, elapsed))}/s), ${failures.count} failed`,
  );
  if (signal.aborted) throw new CliError(ExitCode.Interrupted, goOn('interrupted', checkpoint, prefix));
  if (failures.count > 0)
    throw new CliError(
      ExitCode.LevelNotReached,
      goOn(`${failures.count} entries were not imported`, checkpoint, prefix),
    );
  checkpoint?.remove();
}

function goOn(what: string, checkpoint: Checkpoint | undefined, prefix: DonePrefix): string {
  if (checkpoint === undefined) return `${what}: repeat the import, which stores nothing twice`;
  return `${what}: the first ${prefix.done} are done, --resume goes on from there`;
}

/** How many leading entries earlier runs have done, and says so. */
function skipped(checkpoint: Checkpoint | undefined, { resume, file }: ImportOptions): number {
  if (!resume) {
    if (checkpoint !== undefined && existsSync(checkpoint.path))
      note(`${checkpoint.path} of an earlier import is replaced; --resume would have gone on from it`);
    return 0;
  }
  if (checkpoint === undefined)
    throw new CliError(
      ExitCode.Usage,
      `--resume needs a file of its own, and ${file === '-' ? 'stdin' : file} is none`,
    );
  const done = checkpoint.load();
  note(
    done === 0
      ? `nothing to resume: importing ${file} from the beginning`
      : `resuming: the first ${done} entries are done and skipped`,
  );
  return done;
}

async function entriesOf(stream: Readable, options: ImportOptions) {
  if (options.format === Format.Csv) return (await import('./csv.js')).csvEntries(stream, options);
  return (await import('./ndjson.js')).ndjsonEntries(stream, options);
}
