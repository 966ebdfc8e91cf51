// The links between nodes that were cut: who may be named, what is cut now, and the network that does it.
import { usage } from './emulator-error.js';
import type { CuttableNetwork } from './options.js';
import type { Cut } from './report.js';

export interface LinkChoice {
  /** The other ends; none for all other nodes. */
  readonly others?: readonly string[];
  /** Only what the node sends is cut, not what it is sent. */
  readonly isOneWay?: boolean;
}

export class Cuts {
  private readonly ways = new Map<string, Cut>();

  /** @param network undefined where nothing stands between the nodes. */
  constructor(
    private readonly nodes: readonly string[],
    private readonly network: CuttableNetwork | undefined,
  ) {}

  get canCut(): boolean {
    return this.network !== undefined;
  }

  /** What is cut, in the order in which it was. */
  list(): Cut[] {
    return [...this.ways.values()];
  }

  /** @returns what is newly cut. @throws EmulatorError when a name is none, or there is nothing that can be cut. */
  cut(node: string, { others = [], isOneWay = false }: LinkChoice): Cut[] {
    const network = this.cuttable();
    const fresh = this.waysOf(node, others, isOneWay).filter(way => !this.ways.has(nameOf(way)));
    if (fresh.length === 0) throw usage(`the links of ${node} that you name are cut already`);
    for (const way of fresh) {
      this.ways.set(nameOf(way), way);
      network.cut(way.from, way.to);
    }
    return fresh;
  }

  /** @param node undefined to heal everything. @returns what passes again. @throws EmulatorError */
  heal(node: string | undefined, others: readonly string[] = []): Cut[] {
    const network = this.cuttable();
    const wanted = node === undefined ? this.list() : this.waysOf(node, others, false);
    const healed = wanted.filter(way => this.ways.delete(nameOf(way)));
    if (healed.length === 0)
      throw usage(node === undefined ? 'no link is cut' : `none of the links that you name is cut`);
    for (const way of healed) network.mend(way.from, way.to);
    return healed;
  }

  close(): void {
    this.network?.close();
  }

  private waysOf(node: string, others: readonly string[], isOneWay: boolean): Cut[] {
    const wrong = [node, ...others].find(each => !this.nodes.includes(each));
    if (wrong !== undefined) throw usage(`there is no node ${wrong}: the nodes are ${this.nodes.join(', ')}`);
    if (others.includes(node)) throw usage(`${node} has no link to itself: name two different nodes`);
    const ends = others.length > 0 ? others : this.nodes.filter(each => each !== node);
    return ends.flatMap(other => [
      { from: node, to: other },
      ...(isOneWay ? [] : [{ from: other, to: node }]),
    ]);
  }

  private cuttable(): CuttableNetwork {
    if (this.network !== undefined) return this.network;
    throw usage(
      'the links of this emulator cannot be cut: start it with dynats up --links (not with --secure or --broker single)',
    );
  }
}

function nameOf({ from, to }: Cut): string {
  return `${from} ${to}`;
}
