// A histogram where Node's is not: counts in buckets that grow by an eighth, so percentiles are at most that much too high.

const BUCKETS_PER_DOUBLING = 6;

export interface Histogram {
  readonly count: number;
  /** @param value 1 or more. */
  record(value: number): void;
  /** The value that `percentile` per cent of those recorded do not exceed, 0 without any. */
  percentile(percentile: number): number;
  reset(): void;
}

export function createHistogram(): Histogram {
  return new Buckets();
}

class Buckets implements Histogram {
  count = 0;
  private counts: number[] = [];

  record(value: number): void {
    this.count++;
    const bucket = Math.ceil(Math.log2(value) * BUCKETS_PER_DOUBLING);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }

  percentile(percentile: number): number {
    let left = Math.ceil((this.count * percentile) / 100);
    for (const [bucket, count = 0] of this.counts.entries()) {
      left -= count;
      if (left <= 0 && this.count > 0) return Math.round(2 ** (bucket / BUCKETS_PER_DOUBLING));
    }
    return 0;
  }

  reset(): void {
    this.count = 0;
    this.counts = [];
  }
}
