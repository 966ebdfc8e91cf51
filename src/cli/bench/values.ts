// Values that say whose they are, so that an answer can be checked: the key, the writing process, a count, filled up to size.

/** Values of one writer. */
export class Values {
  private written = 0;

  /** @param writer no other process of the run has it. */
  constructor(
    private readonly writer: string,
    readonly bytes: number,
  ) {}

  next(key: string): string {
    return `${key}:${this.writer}:${this.written++}:`.padEnd(this.bytes, '.');
  }

  /** Whether `value` can have been written under `key`: by this writer not before it was, by another at some time. */
  isOf(key: string, value: string): boolean {
    if (value.length !== this.bytes || !value.startsWith(key) || value[key.length] !== ':') return false;
    const writerAt = key.length + 1;
    const countAt = value.indexOf(':', writerAt) + 1;
    const end = value.indexOf(':', countAt);
    if (countAt === 0 || end < 0) return false;
    if (value.slice(writerAt, countAt - 1) !== this.writer) return true;
    return Number(value.slice(countAt, end)) < this.written;
  }
}
