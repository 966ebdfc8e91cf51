// Which key an operation is for: uniform, or zipfian as in YCSB, with the popular keys spread over the key space.

export const Distribution = { Uniform: 'uniform', Zipfian: 'zipfian' } as const;
export type Distribution = (typeof Distribution)[keyof typeof Distribution];

/** Skew of the zipfian distribution; YCSB's default. */
const theta = 0.99;
/** Prime and so without a factor in common with any number of keys that is smaller: multiplying by it permutes them. */
const scramble = 1_000_003;

export function keyOf(index: number): string {
  return `key-${index}`;
}

/** Draws indices of keys, `0 <= index < count`. */
export function chooser(distribution: Distribution, count: number): () => number {
  if (distribution === Distribution.Uniform) return () => Math.floor(Math.random() * count);
  const rank = zipfian(count);
  return () => (rank() * scramble) % count;
}

/** Ranks by the method of Gray et al., Quickly Generating Billion-Record Synthetic Databases, SIGMOD 1994. */
function zipfian(count: number): () => number {
  const zeta = (n: number) => {
    let sum = 0;
    for (let i = 1; i <= n; i++) sum += 1 / i ** theta;
    return sum;
  };
  const zetaCount = zeta(count);
  const alpha = 1 / (1 - theta);
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta(2) / zetaCount);
  return () => {
    const u = Math.random();
    const uz = u * zetaCount;
    if (uz < 1) return 0;
    if (uz < 1 + 0.5 ** theta) return Math.min(1, count - 1);
    return Math.min(count - 1, Math.floor(count * (eta * u - eta + 1) ** alpha));
  };
}
