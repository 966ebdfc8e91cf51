// The histories of a run: files of each epoch by each client process, read back one epoch at a time.
import { createReadStream } from 'node:fs';
import { appendFile, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Holding, Operation } from '../check/history.js';

export class Histories {
  /**
   * @param dir holds nothing else.
   * @param kept file that gets every operation, once it has been judged; undefined for none.
   */
  constructor(
    readonly dir: string,
    private readonly kept: string | undefined,
  ) {}

  /** What a client process writes to; it adds the epoch. */
  fileOf(process: number): string {
    return path.join(this.dir, `client-${process}`);
  }

  /** Those that have been written and not yet dropped, oldest first. */
  async epochs(): Promise<number[]> {
    const found = (await readdir(this.dir)).map(file => Number(file.split('.').at(-1)));
    return [...new Set(found)].sort((a, b) => a - b);
  }

  async read(epoch: number): Promise<Operation[]> {
    const operations: Operation[] = [];
    for (const file of await this.filesOf(epoch)) {
      const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
      for await (const line of lines) operations.push(JSON.parse(line) as Operation);
    }
    return operations;
  }

  /** Keeps the epoch's operations in the file that was asked for, and deletes the rest. */
  async drop(epoch: number, more: readonly (Operation | Holding)[]): Promise<void> {
    for (const file of await this.filesOf(epoch)) {
      if (this.kept !== undefined) await appendFile(this.kept, await readFile(file));
      await rm(file);
    }
    if (this.kept !== undefined && more.length > 0)
      await appendFile(this.kept, more.map(each => `${JSON.stringify(each)}\n`).join(''));
  }

  private async filesOf(epoch: number): Promise<string[]> {
    const files = await readdir(this.dir);
    return files.filter(file => file.endsWith(`.${epoch}`)).map(file => path.join(this.dir, file));
  }
}
