// What every kind of fault is: drawn when the plan is made, begun, healed.
import type { SeededRandom } from '../random.js';
import type { TestCluster } from '../test-cluster.js';

/** One fault of a plan: made from chance alone, so that a seed gives the same plan every time. */
export interface Blow {
  readonly fault: string;
  readonly nodes: readonly string[];
  /** How, in words of the kind: parts, an offset, a side. */
  readonly how: string;
  /** For what is drawn when it begins, such as a place in a file. */
  readonly seed: number;
}

export interface Drawn {
  readonly nodes: readonly string[];
  readonly how?: string;
}

export interface Fault {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  /**
   * Whether a node's disk forgets. Guarantees bear one such node at a time: it begins only while every node is whole.
   */
  readonly losesData?: boolean;
  /** Why this cluster cannot have it; undefined when it can. */
  whyNot(cluster: TestCluster): string | undefined;
  draw(nodes: readonly string[], random: SeededRandom): Drawn;
  begin(cluster: TestCluster, blow: Blow): Promise<void>;
  /** Undoes it; the nodes it hit run afterwards. */
  heal(cluster: TestCluster, blow: Blow): Promise<void>;
}

export const needsProcesses = ({ processes }: TestCluster): string | undefined =>
  processes === undefined ? 'its processes are not under control from here' : undefined;

export const needsStores = ({ stores }: TestCluster): string | undefined =>
  stores === undefined ? "the nodes' files are not under control from here" : undefined;

/** The part of a cluster that `whyNot` has found to be there. */
export function given<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('this cluster cannot have this fault');
  return part;
}

export async function mendAll(cluster: TestCluster, nodes: readonly string[]): Promise<void> {
  for (const node of nodes) await given(cluster.processes).mend(node);
}
