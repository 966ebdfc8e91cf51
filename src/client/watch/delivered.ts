// What a watch has delivered: the newest version of each key, so that each version comes once and none after a newer one.
import { compareVersions, type Version } from '../../model/record.js';

interface Known {
  readonly version: Version;
  /** The look at everything in which it was last seen to be there. */
  look: number;
}

export class Delivered {
  private readonly keys = new Map<string, Known>();
  private look = 0;

  isNewer(key: string, version: Version): boolean {
    const known = this.keys.get(key);
    return known === undefined || compareVersions(version, known.version) > 0;
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  set(key: string, { time, writer, deleted }: Version): void {
    const version = deleted === true ? { time, writer, deleted } : { time, writer };
    this.keys.set(key, { version, look: this.look });
  }

  /** The key is gone without a trace: whatever comes next is new. */
  forget(key: string): void {
    this.keys.delete(key);
  }

  /** Begins a look at everything there is. */
  beginLook(): void {
    this.look++;
  }

  /** The key is there, or a tombstone of it. */
  seen(key: string): void {
    const known = this.keys.get(key);
    if (known !== undefined) known.look = this.look;
  }

  /** Keys delivered with a value before the look began, and not seen in it. */
  unseen(): string[] {
    return [...this.keys].flatMap(([key, { version, look }]) =>
      version.deleted !== true && look < this.look ? [key] : [],
    );
  }
}
