// What a replica remembers of its peers' logs: the highest position it has seen acknowledged in each. Disks forget; a log
// that lost its tail cannot know it. Its peers can tell it.
import type { Position, Positions, Presence } from '../wire/generated/types.js';

export class Remembered {
  private readonly positions = new Map<string, Position>();
  private readonly loaded = new Map<string, Position>();
  private changeCount = 0;
  private notedCount = 0;

  constructor(private readonly self: string) {}

  /** Loads what the replica had noted in its own log. */
  load(positions: Positions): void {
    const isNoted = !this.hasChanged;
    for (const [node, position] of Object.entries(positions)) {
      this.raise(node, position);
      this.loaded.set(node, position);
    }
    if (isNoted) this.noted(this.changes);
  }

  /** An entry of `node`'s log was acknowledged to this process. */
  acked(node: string, log: string | undefined, sequence: number, crc32: string): void {
    if (
      log !== undefined &&
      this.positions.get(node)?.log !== undefined &&
      this.positions.get(node)?.log !== log
    )
      return;
    if (log !== undefined) this.raise(node, { log, sequence, crc32 });
  }

  /**
   * A heartbeat. A log with another name replaces the one remembered only once its node serves: until then that node may
   * not know that it lost something, and must be told.
   *
   * @returns whether it told of a log not known before.
   */
  heard(presence: Presence): boolean {
    const { node, position, state } = presence;
    if (position === undefined) return false;
    const known = this.positions.get(node);
    if (known === undefined || known.log === position.log) this.raise(node, position);
    else if (state === 'serving') this.set(node, position);
    return this.positions.get(node)?.log !== known?.log;
  }

  of(node: string): Position | undefined {
    return this.positions.get(node);
  }

  /** What the replica had noted before it heard `node` in this life of its process. */
  loadedOf(node: string): Position | undefined {
    return this.loaded.get(node);
  }

  all(): Positions {
    return Object.fromEntries(this.positions);
  }

  /** Changes so far. */
  get changes(): number {
    return this.changeCount;
  }

  /** Whether something changed since the last note: time for another. */
  get hasChanged(): boolean {
    return this.changeCount > this.notedCount;
  }

  /** A note that holds the first `changes` changes is stored. */
  noted(changes: number): void {
    this.notedCount = Math.max(this.notedCount, changes);
  }

  private raise(node: string, position: Position): void {
    const known = this.positions.get(node);
    if (known === undefined || (known.log === position.log && position.sequence > known.sequence))
      this.set(node, position);
  }

  private set(node: string, position: Position): void {
    if (node === this.self) return;
    this.positions.set(node, position);
    this.changeCount++;
  }
}
