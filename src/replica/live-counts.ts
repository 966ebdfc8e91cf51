// How many of the records in each log entry are still the newest of their keys: an entry with none can leave the log unread.

/** Entries counted in one piece. */
const PIECE = 4096;

export class LiveCounts {
  /** Four bytes an entry, in pieces: entries come in any order, and a log begins anywhere. */
  private readonly pieces = new Map<number, Uint32Array>();

  add(sequence: number): void {
    const index = Math.floor(sequence / PIECE);
    let piece = this.pieces.get(index);
    if (piece === undefined) {
      piece = new Uint32Array(PIECE);
      this.pieces.set(index, piece);
    }
    const at = sequence % PIECE;
    piece[at] = (piece[at] ?? 0) + 1;
  }

  remove(sequence: number): void {
    const piece = this.pieces.get(Math.floor(sequence / PIECE));
    const at = sequence % PIECE;
    if (piece !== undefined) piece[at] = (piece[at] ?? 0) - 1;
  }

  of(sequence: number): number {
    return this.pieces.get(Math.floor(sequence / PIECE))?.[sequence % PIECE] ?? 0;
  }

  /** Entries up to here have left the log. */
  forget(through: number): void {
    for (const index of this.pieces.keys()) if ((index + 1) * PIECE <= through) this.pieces.delete(index);
  }

  clear(): void {
    this.pieces.clear();
  }
}
