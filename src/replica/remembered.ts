// What a replica remembers of its peers' logs: the highest position it has seen acknowledged in each. Disks forget; a log
// that lost its tail cannot know it. Its peers can tell it.
import type { Position, Positions, Presence } from '../wire/generated/types.js';

export class Remembered {
  private readonly positions = new Map<string, Position>();
  private changedSinceNote = false;

  constructor(private readonly self: string) {}

  /** Loads what the replica had noted in its own log. */
  load(positions: Positions): void {
    for (const [node, position] of Object.entries(positions)) this.raise(node, position);
    this.changedSinceNote = false;
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
   */
  heard(presence: Presence): void {
    const { node, position, state } = presence;
    if (position === undefined) return;
    const known = this.positions.get(node);
    if (known === undefined || known.log === position.log) this.raise(node, position);
    else if (state === 'serving') this.set(node, position);
  }

  of(node: string): Position | undefined {
    return this.positions.get(node);
  }

  all(): Positions {
    return Object.fromEntries(this.positions);
  }

  /** Whether something changed since the last call: time for a note in the log. */
  takeChanged(): boolean {
    const changed = this.changedSinceNote;
    this.changedSinceNote = false;
    return changed;
  }

  private raise(node: string, position: Position): void {
    const known = this.positions.get(node);
    if (known === undefined || (known.log === position.log && position.sequence > known.sequence))
      this.set(node, position);
  }

  private set(node: string, position: Position): void {
    if (node === this.self) return;
    this.positions.set(node, position);
    this.changedSinceNote = true;
  }
}
