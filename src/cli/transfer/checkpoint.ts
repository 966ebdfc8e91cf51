// How far an import has come, in a file beside the imported one, so that it can go on after a break.
import { createHash } from 'node:crypto';
import {
  closeSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { CliError, ExitCode } from '../exit.js';

/**
 * The number of leading entries that are all done, while entries finish in any order.
 *
 * Invariant: every index below `done` is done; `beyond` holds done indices above it and below the first failed one.
 */
export class DonePrefix {
  private readonly beyond = new Set<number>();
  private firstFailed = Number.POSITIVE_INFINITY;

  /** @param done entries done by earlier runs. */
  constructor(public done = 0) {}

  finish(index: number): void {
    if (index > this.firstFailed) return;
    this.beyond.add(index);
    while (this.beyond.delete(this.done)) this.done++;
  }

  /** The prefix ends here for good: a rerun must come back to it. */
  fail(index: number): void {
    if (index >= this.firstFailed) return;
    this.firstFailed = index;
    for (const each of this.beyond) if (each > index) this.beyond.delete(each);
  }
}

interface Content {
  /** Leading entries that are done. */
  done: number;
  bucket: string;
  /** What the file began with, so that another file is not taken for it. */
  begin: string;
  beginBytes: number;
}

/** Bytes of the file's beginning that tell it from another. */
const beginBytesMax = 64 * 1024;

export class Checkpoint {
  readonly path: string;
  private readonly begin: Pick<Content, 'begin' | 'beginBytes'>;

  constructor(
    private readonly file: string,
    private readonly bucket: string,
  ) {
    this.path = `${file}.progress`;
    this.begin = beginOf(file, beginBytesMax);
  }

  /** Entries done by an earlier run, 0 when there is none. @throws CliError when it was of another file or bucket. */
  load(): number {
    let content: Partial<Content>;
    try {
      content = JSON.parse(readFileSync(this.path, 'utf8')) as Partial<Content>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw new CliError(
        ExitCode.Usage,
        `${this.path} cannot be read: remove it to import from the beginning`,
        { cause: error },
      );
    }
    const { done, bucket, begin, beginBytes } = content;
    if (typeof done !== 'number' || !Number.isSafeInteger(done) || done < 0 || typeof beginBytes !== 'number')
      throw new CliError(ExitCode.Usage, `${this.path} is no progress file: move it away`);
    if (bucket !== this.bucket)
      throw new CliError(
        ExitCode.Usage,
        `${this.path} is of an import into bucket ${String(bucket)}: remove it to start anew`,
      );
    // The file may have grown since: then its beginning is the same.
    if (begin !== beginOf(this.file, beginBytes).begin)
      throw new CliError(
        ExitCode.Usage,
        `${this.file} has changed since its import began: remove ${this.path} to start anew`,
      );
    return done;
  }

  save(done: number): void {
    const content: Content = { done, bucket: this.bucket, ...this.begin };
    const next = `${this.path}.${process.pid}`;
    writeFileSync(next, `${JSON.stringify(content)}\n`);
    renameSync(next, this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function beginOf(file: string, bytesMax: number): Pick<Content, 'begin' | 'beginBytes'> {
  const buffer = Buffer.alloc(Math.max(0, Math.min(bytesMax, beginBytesMax, statSync(file).size)));
  const descriptor = openSync(file, 'r');
  try {
    const beginBytes = readSync(descriptor, buffer, 0, buffer.length, 0);
    return { begin: createHash('sha256').update(buffer.subarray(0, beginBytes)).digest('hex'), beginBytes };
  } finally {
    closeSync(descriptor);
  }
}
