// A file that is there whole and on disk, or not at all: written under another name, synced, then renamed.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { BackupError } from './backup-error.js';

export class NewFile {
  private constructor(
    private readonly file: string,
    private readonly partial: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws BackupError when nothing can be written there. */
  static async open(file: string): Promise<NewFile> {
    const partial = `${file}.partial`;
    try {
      return new NewFile(file, partial, await open(partial, 'w', 0o600));
    } catch (cause) {
      throw cannotWrite(partial, cause);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) at += (await this.handle.write(bytes, at)).bytesWritten;
    } catch (cause) {
      throw cannotWrite(this.partial, cause);
    }
  }

  /** All is written: it gets its name, and is there after a power failure too. */
  async commit(): Promise<void> {
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.partial, this.file);
      const directory = await open(path.dirname(this.file), 'r');
      await directory.sync().finally(() => directory.close());
    } catch (cause) {
      throw cannotWrite(this.file, cause);
    }
  }

  async discard(): Promise<void> {
    await this.handle.close().catch(() => {});
    await rm(this.partial, { force: true });
  }
}

function cannotWrite(file: string, cause: unknown): BackupError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new BackupError(`${file} cannot be written (${code}): check the path and the room on the disk`, {
    cause,
  });
}
