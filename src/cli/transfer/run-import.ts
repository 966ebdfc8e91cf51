// One import: reads the file, sends its entries, keeps the checkpoint, reports.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Client } from '../../client/client.js';
import { ErrorCode } from '../../errors.js';
import { formatElapsed } from '../../model/duration.js';
import type { Level } from '../../model/level.js';
import { CliError, ExitCode } from '../exit.js';
import { counted, note, printJson, warn } from '../output.js';
import { Checkpoint, DonePrefix } from './checkpoint.js';
import type { Entry, FieldNames } from './entry.js';
import { Failures } from './failures.js';
import { Format } from './format.js';
import { Pump, type Settled } from './importer.js';
import { nodesClock } from './life.js';
import { type Progress, showProgress } from './progress.js';

export interface ImportOptions extends FieldNames {
  /** Path, or `-` for stdin. */
  file: string;
  format: Format;
  /** Undefined when it is the bucket's to say. */
  level: Level | undefined;
  bucket: string;
  concurrency: number;
  resume: boolean;
  failedFile: string | undefined;
  shownMax: number;
  /** Prints the outcome as JSON. */
  json: boolean;
  /** Stops reading; what is in flight is settled and the checkpoint kept. */
  signal: AbortSignal;
}

/** What `dynats import --json` prints. */
interface ImportOutcome {
  readonly file: string;
  readonly bucket: string;
  readonly stored: number;
  readonly failed: number;
  /** Left out, since their life is over. */
  readonly expired: number;
  /** Done by an earlier run, with --resume. */
  readonly skipped: number;
  /** Entries at the file's beginning that are done, by this run or one before. */
  readonly leadingDone: number;
  readonly interrupted: boolean;
  readonly tookMs: number;
}

const checkpointEveryMs = 1000;

export interface Input {
  stream: Readable;
  /** Size of a regular file, 0 of anything else. */
  bytes: number;
}

/** Opened before connecting: a file that is not there is reported at once. */
export function openInput(file: string): Input {
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
  client: Pick<Client, 'batch' | 'cluster'>,
  input: Input,
  options: ImportOptions,
): Promise<void> {
  await new ImportRun(client, input, options).run();
}

class ImportRun {
  private readonly failures: Failures;
  private readonly pump: Pump;
  private readonly skip: number;
  private readonly prefix: DonePrefix;
  private checkpoint: Checkpoint | undefined;
  private stored = 0;
  private expired = 0;
  /** The nodes' clock, looked at when the first entry that expires comes. */
  private nowMs: (() => number) | undefined;
  private read = 0;
  private savedAt = performance.now();

  constructor(
    private readonly client: Pick<Client, 'batch' | 'cluster'>,
    private readonly input: Input,
    private readonly options: ImportOptions,
  ) {
    this.checkpoint = input.bytes > 0 ? new Checkpoint(options.file, options.bucket) : undefined;
    this.skip = skipped(this.checkpoint, options);
    this.prefix = new DonePrefix(this.skip);
    this.failures = new Failures({ file: options.failedFile, shownMax: options.shownMax });
    this.pump = new Pump(client, {
      ...options,
      nowMs: () => this.nowMs?.() ?? Date.now(),
      onSettled: (...settled) => this.settled(...settled),
      onBroken: () => input.stream.destroy(),
    });
  }

  async run(): Promise<void> {
    const start = performance.now();
    const progress = await showProgress('import', this.input.bytes);
    try {
      await this.readAll(progress);
      await this.pump.drain();
    } finally {
      progress.stop();
      this.saveCheckpoint();
      await this.failures.close();
    }
    this.report(performance.now() - start);
  }

  private async readAll(progress: Progress): Promise<void> {
    const { signal } = this.options;
    const entries = await entriesOf(addAbortSignal(signal, this.input.stream), this.options);
    try {
      for await (const parsed of entries) {
        const index = this.read++;
        if (index < this.skip) continue;
        if ('problem' in parsed) {
          await this.failures.unreadable(parsed);
          this.prefix.finish(index);
        } else {
          if (parsed.expiresAtMs !== undefined) this.nowMs ??= await nodesClock(this.client);
          await this.pump.add(index, parsed);
        }
        progress.update(parsed.bytesRead, this.read - this.skip, this.failures.count);
        if (performance.now() - this.savedAt >= checkpointEveryMs) this.saveCheckpoint();
      }
    } catch (error) {
      // Ending the stream gives it an error of its own.
      this.pump.throwIfBroken();
      if (!signal.aborted) throw error;
    }
  }

  private async settled(index: number, entry: Entry, settled: Settled): Promise<void> {
    const failure = typeof settled === 'string' ? undefined : settled;
    if (settled === 'stored') this.stored++;
    if (settled === 'expired') this.expired++;
    if (failure !== undefined) await this.failures.refused(entry, failure);
    // What is refused as invalid stays so; anything else is worth another try.
    if (failure === undefined || failure.code === ErrorCode.InvalidRequest) this.prefix.finish(index);
    else this.prefix.fail(index);
    if (failure?.code === ErrorCode.Closed)
      throw new CliError(ExitCode.CannotConnect, this.goOn('the connection was closed'), { cause: failure });
  }

  private saveCheckpoint(): void {
    this.savedAt = performance.now();
    try {
      this.checkpoint?.save(this.prefix.done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      warn(
        `${this.checkpoint?.path} cannot be written (${code ?? 'unknown'}): this import cannot be resumed`,
      );
      this.checkpoint = undefined;
    }
  }

  private report(elapsedMs: number): void {
    const { failures, options } = this;
    for (const line of failures.shown) warn(line);
    const more = failures.count - failures.shown.length;
    if (more > 0)
      warn(`... and ${more} more${options.failedFile === undefined ? '' : ` in ${options.failedFile}`}`);
    const rate = Math.round((1000 * this.stored) / Math.max(1, elapsedMs));
    const took = `${formatElapsed(elapsedMs)} (${rate}/s)`;
    const expired = this.expired === 0 ? '' : `, ${this.expired} expired and left out`;
    note(`imported ${counted(this.stored, 'entry')} in ${took}, ${failures.count} failed${expired}`);
    if (options.json) printJson(this.outcome(elapsedMs));
    if (options.signal.aborted) throw new CliError(ExitCode.Interrupted, this.goOn('interrupted'));
    const whole = this.prefix.done === this.read;
    if (whole) this.checkpoint?.remove();
    if (failures.count === 0) return;
    const failed = `${counted(failures.count, 'entry')} failed`;
    const correct = `${failed}: correct them${options.failedFile === undefined ? ' (--failed FILE keeps them)' : ` in ${options.failedFile}`} and import these again`;
    throw new CliError(ExitCode.LevelNotReached, whole ? correct : this.goOn(failed));
  }

  private outcome(elapsedMs: number): ImportOutcome {
    const { file, bucket, signal } = this.options;
    const { stored, expired, skip: skipped, failures, prefix } = this;
    const counts = { stored, failed: failures.count, expired, skipped, leadingDone: prefix.done };
    return { file, bucket, ...counts, interrupted: signal.aborted, tookMs: Math.round(elapsedMs) };
  }

  private goOn(what: string): string {
    if (this.checkpoint === undefined)
      return `${what}: repeat the import; entries that are stored again do no harm`;
    return `${what}: ${this.prefix.done} leading entries are done, --resume goes on from there`;
  }
}

/** How many leading entries earlier runs have done, and says so. */
function skipped(checkpoint: Checkpoint | undefined, { resume, file }: ImportOptions): number {
  if (!resume) {
    if (checkpoint !== undefined && existsSync(checkpoint.path))
      note(`${checkpoint.path} of an earlier import is replaced; --resume would have gone on from it`);
    return 0;
  }
  if (checkpoint === undefined)
    throw new CliError(ExitCode.Usage, `--resume needs a file that can be read again, and ${file} is none`);
  const done = checkpoint.load();
  note(
    done === 0
      ? `nothing to resume: importing ${file} from the beginning`
      : `resuming: ${done} leading entries are done and skipped`,
  );
  return done;
}

async function entriesOf(stream: Readable, options: ImportOptions) {
  if (options.format === Format.Csv) return (await import('./csv.js')).csvEntries(stream, options);
  return (await import('./ndjson.js')).ndjsonEntries(stream, options);
}
