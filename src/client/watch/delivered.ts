// What a watch has delivered: the newest version of each key, so that each version comes once and none after a newer one.
import { compareVersions, isGone, type Version, versionOf } from '../../model/record.js';

interface Known {
  readonly version: Version;
  /** It has expired, and that has been told. */
  readonly hasExpired: boolean;
  /** The look at everything in which it was last seen to be there. */
  look: number;
}

export class Delivered {
  private readonly keys = new Map<string, Known>();
  /** Keys that will expire. */
  private readonly mortals = new Set<string>();
  private look = 0;

  isNewer(key: string, version: Version): boolean {
    const known = this.keys.get(key);
    return known === undefined || compareVersions(version, known.version) > 0;
  }

  /**
   * Whether it changes nothing for a reader: the version is the one delivered, with a longer life, or the delete that it has
   * become, which has been told.
   */
  isKnown(key: string, { time, writer, deleted }: Version): boolean {
    const known = this.keys.get(key);
    if (known === undefined || known.version.time !== time || known.version.writer !== writer) return false;
    return known.version.deleted === true || known.hasExpired === (deleted === true);
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  set(key: string, version: Version): void {
    this.put(key, versionOf(version), false);
  }

  /** The key is gone without a trace: whatever comes next is new. */
  forget(key: string): void {
    this.keys.delete(key);
    this.mortals.delete(key);
  }

  /** Keys that have expired by `now`, microseconds since 1970, with what is delivered of them. `expire` when it has been told. */
  *due(now: number): Generator<[string, Version]> {
    for (const key of this.mortals) {
      const version = this.keys.get(key)?.version;
      if (version !== undefined && isGone(version, now)) yield [key, version];
    }
  }

  expire(key: string): void {
    const version = this.keys.get(key)?.version;
    if (version !== undefined) this.put(key, version, true);
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
    return [...this.keys].flatMap(([key, { version, hasExpired, look }]) =>
      version.deleted !== true && !hasExpired && look < this.look ? [key] : [],
    );
  }

  private put(key: string, version: Version, hasExpired: boolean): void {
    this.keys.set(key, { version, hasExpired, look: this.look });
    if (version.expiresAt === undefined || hasExpired) this.mortals.delete(key);
    else this.mortals.add(key);
  }
}
