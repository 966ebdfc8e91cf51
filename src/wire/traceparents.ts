// Which trace each operation of a message belongs to, in its headers: the W3C's `traceparent` for the only one, or a list in
// the order of a batch's operations. Who knows neither header loses nothing.

const ONE = 'traceparent';
const MANY = 'Dynats-Traceparents';

/** Undefined when none belongs to any. */
export function tracingHeaders(
  traceparents: readonly (string | undefined)[],
): Record<string, string> | undefined {
  if (traceparents.every(each => each === undefined)) return undefined;
  const [only] = traceparents;
  if (traceparents.length === 1 && only !== undefined) return { [ONE]: only };
  return { [MANY]: traceparents.map(each => each ?? '').join(',') };
}

/** Of `count` operations, in order. With a single `traceparent` all belong to that. */
export function traceparentsIn(
  header: ((name: string) => string | undefined) | undefined,
  count: number,
): (string | undefined)[] {
  const many = header?.(MANY)?.split(',');
  const one = header?.(ONE);
  return Array.from({ length: count }, (_, i) => (many === undefined ? one : many[i] || undefined));
}
