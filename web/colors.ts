// The colour of each node: the same everywhere on the page, and never the only sign. style.css has the colours themselves.

const COLORS = 8;
const known: string[] = [];

/** Nodes get their colours in ring order. */
export function nameNodes(nodes: readonly string[]): void {
  known.splice(0, known.length, ...nodes);
}

/** A class of style.css that sets `--node`. */
export function classOf(node: string): string {
  const at = known.indexOf(node);
  return at < 0 ? 'node-none' : `node-${at % COLORS}`;
}

export function indexOf(node: string): number {
  return known.indexOf(node);
}

export function nodeCount(): number {
  return known.length;
}
