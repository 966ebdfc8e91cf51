// Collects what could not be imported: the first few for the person, all of them for a file.
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { DynatsError } from '../../errors.js';
import { LineWriter } from '../line-writer.js';
import { visible } from '../output.js';
import type { Entry, Problem } from './entry.js';

const keyCharsShown = 80;

export class Failures {
  count = 0;
  readonly shown: string[] = [];
  private readonly stream: WriteStream | undefined;
  private readonly lines: LineWriter | undefined;

  /** @param options.file takes every failure as NDJSON that `dynats import` reads; @param options.shownMax lines kept. */
  constructor(private readonly options: { file: string | undefined; shownMax: number }) {
    if (options.file === undefined) return;
    this.stream = createWriteStream(options.file);
    // Reported by close(); without a listener it would end the process at once.
    this.stream.on('error', () => {});
    this.lines = new LineWriter(this.stream);
  }

  async refused(entry: Entry, error: DynatsError): Promise<void> {
    const content =
      typeof entry.value === 'string'
        ? { value: entry.value }
        : { base64: Buffer.from(entry.value).toString('base64') };
    const why = { code: error.code, message: error.message };
    this.show(
      `line ${entry.line}, key ${visible(entry.key).slice(0, keyCharsShown)}: ${error.code}: ${error.message}`,
    );
    const { key, line, expiresAtMs } = entry;
    const life = expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() };
    await this.lines?.line(JSON.stringify({ key, ...content, ...life, line, error: why }));
  }

  async unreadable({ line, problem, raw }: Problem): Promise<void> {
    this.show(`line ${line}: ${problem}`);
    await this.lines?.line(
      JSON.stringify({ line, error: { code: 'INVALID_REQUEST', message: problem }, raw }),
    );
  }

  private show(line: string): void {
    this.count++;
    if (this.shown.length < this.options.shownMax) this.shown.push(line);
  }

  async close(): Promise<void> {
    if (this.stream === undefined) return;
    await this.lines?.flush();
    this.stream.end();
    await finished(this.stream);
  }
}
